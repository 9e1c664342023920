import { fstatSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import type { Screen } from "../terminal/screen.ts";
import { TextWriter } from "../terminal/text-writer.ts";
import type { Output } from "./output.ts";

/**
 * Makes the output of a command from the two streams of the process. It handles their errors, which would otherwise end the process as
 * uncaught exceptions: an error of standard output aborts `lost`, an error of standard error is ignored.
 */
export function standardOutput(
  stdout: Writable & Pick<Screen, "isTTY" | "columns" | "rows"> = process.stdout,
  stderr: Writable & Screen = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
): Output {
  const lost = new AbortController();
  // Taken now: what other code writes may be diverted later.
  const write = stdout.write.bind(stdout);
  stdout.on("error", (error) => lost.abort(error));
  stderr.on("error", () => {});
  const file = fileOf(stdout);
  const screen = screenOf(stdout, write);
  const data = (text: string) => {
    if (lost.signal.aborted) return;
    if (file === undefined) screen.write(text);
    else writeWhole(file, text, lost);
  };
  return {
    data,
    written: (text) =>
      new Promise((resolve) => {
        if (lost.signal.aborted) return resolve(false);
        if (file === undefined)
          return screen.write(text, (error) => resolve(error === undefined || error === null));
        writeWhole(file, text, lost);
        resolve(!lost.signal.aborted);
      }),
    room: () => {
      if (lost.signal.aborted || !stdout.writableNeedDrain) return undefined;
      return new Promise((resolve) => {
        const goOn = () => {
          stdout.off("drain", goOn);
          lost.signal.removeEventListener("abort", goOn);
          resolve();
        };
        stdout.once("drain", goOn);
        lost.signal.addEventListener("abort", goOn, { once: true });
      });
    },
    file,
    screen,
    text: new TextWriter(screenOf(stdout, data), env),
    err: new TextWriter(stderr, env),
    lost: lost.signal,
  };
}

/** What is known of a stream, which may change, and another way to write to it. */
function screenOf<Write extends Screen["write"]>(stream: Omit<Screen, "write">, write: Write) {
  return {
    write,
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? 80;
    },
    get rows() {
      return stream.rows ?? 24;
    },
  };
}

/** Node writes to a file synchronously, and asynchronously to a pipe. */
function fileOf(stream: object): number | undefined {
  const { fd } = stream as { readonly fd?: unknown };
  return typeof fd === "number" && fstatSync(fd).isFile() ? fd : undefined;
}

/** Writes to a file. Node's stream would take a part of a text that still fits on a full disk for the whole. */
function writeWhole(file: number, text: string, lost: AbortController): void {
  const bytes = Buffer.from(text);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
  } catch (error) {
    lost.abort(error);
  }
}

/** Whether the reader has closed its end, as `head` does after its last line. */
export function isReaderGone(reason: unknown): boolean {
  return reason instanceof Error && "code" in reason && (reason.code === "EPIPE" || reason.code === "EOF");
}
