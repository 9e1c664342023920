import type { Output } from "../../src/cli/output.ts";
import { TextWriter } from "../../src/terminal/text-writer.ts";

/** The output of a command that runs in this process. @param terminal - What standard output is, where it is a terminal. */
export function capturedOutput(
  terminal: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number } = {},
) {
  let [out, err] = ["", ""];
  const data = (text: string) => {
    out += text;
  };
  const output: Output = {
    data,
    written: async () => true,
    room: () => undefined,
    screen: { ...terminal, write: data },
    text: new TextWriter({ ...terminal, write: data }),
    err: new TextWriter({
      write: (text) => {
        err += text;
      },
    }),
    lost: new AbortController().signal,
  };
  return { output, out: () => out, err: () => err };
}
