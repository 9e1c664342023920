import { LineSplitter } from "../../executor/line-splitter.ts";

/**
 * Diverts what code in this process prints to standard output, for a function that runs here: standard output is for results. The command's own
 * `Output` writes on.
 *
 * @param line - Gets each line.
 * @returns A function that passes on the rest, a line without an end.
 */
export function divertOutput(line: (text: string) => void): () => void {
  const splitter = new LineSplitter();
  const write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | (() => void),
    written?: () => void,
  ): boolean => {
    const bytes =
      typeof chunk === "string"
        ? Buffer.from(chunk, typeof encoding === "string" ? encoding : "utf8")
        : chunk;
    for (const text of splitter.push(bytes)) line(text);
    const done = typeof encoding === "function" ? encoding : written;
    if (done !== undefined) queueMicrotask(done);
    return true;
  };
  process.stdout.write = write;
  return () => {
    for (const text of splitter.end()) line(text);
  };
}
