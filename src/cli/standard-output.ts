import type { Writable } from "node:stream";
import type { Output } from "./output.ts";
import type { Screen } from "./progress-view.ts";

/**
 * The two streams of the process as a command's output, from now on. An error of either is heard here, or it would end the process as an
 * uncaught exception: standard output that cannot be written is told to the command by `lost`, standard error is written in vain.
 */
export function standardOutput(
  stdout: Writable = process.stdout,
  stderr: Writable & Screen = process.stderr,
): Output {
  const lost = new AbortController();
  stdout.on("error", (error) => lost.abort(error));
  stderr.on("error", () => {});
  return {
    out: (text) => {
      if (!lost.signal.aborted) stdout.write(text);
    },
    err: stderr,
    lost: lost.signal,
  };
}

/** Whether the reader has closed its end, as `head` does when it has seen enough. */
export function isReaderGone(reason: unknown): boolean {
  return reason instanceof Error && "code" in reason && (reason.code === "EPIPE" || reason.code === "EOF");
}
