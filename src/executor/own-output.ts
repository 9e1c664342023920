import { settlesWithin } from "./settles-within.ts";

/** Longest wait for output to be written, in ms: it may be that no process reads the pipe. */
const WRITTEN_MS = 2000;

/**
 * Makes this process write its output at once, also to a pipe: `write()` then waits while the pipe is full. Otherwise Node keeps output
 * that does not fit into the pipe, and the output is lost when the process exits or is killed.
 */
export function printAtOnce(): void {
  if (process.platform === "win32") return; // Node does so there by itself
  for (const stream of [process.stdout, process.stderr]) {
    // Node has no public method for this.
    const { _handle: handle } = stream as {
      readonly _handle?: { setBlocking?(isBlocking: boolean): number };
    };
    handle?.setBlocking?.(true);
  }
}

/** Waits until the output of this process or thread is written, but not longer than 2 s. */
export async function printed(): Promise<void> {
  const streams = [process.stdout, process.stderr];
  const written = streams.map((stream) => new Promise<void>((resolve) => stream.write("", () => resolve())));
  await settlesWithin(Promise.all(written), WRITTEN_MS);
}
