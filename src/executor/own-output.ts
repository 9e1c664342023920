import { settlesWithin } from "./settles-within.ts";

/** Longest wait until what was printed has been taken, in ms: nobody may be reading it. */
const WRITTEN_MS = 2000;

/**
 * Has a process write what it prints at once, where that goes to a pipe: it waits while the pipe is full. Otherwise what did not
 * fit into the pipe waits in this process, and is lost when it exits, fails, or is killed.
 */
export function printAtOnce(): void {
  if (process.platform === "win32") return; // there it is so
  for (const stream of [process.stdout, process.stderr]) {
    // Node has no public way to say so, and does the same on Windows by itself.
    const { _handle: handle } = stream as {
      readonly _handle?: { setBlocking?(isBlocking: boolean): number };
    };
    handle?.setBlocking?.(true);
  }
}

/** Waits until what this process or thread has printed is on its way, but not for ever. */
export async function printed(): Promise<void> {
  const streams = [process.stdout, process.stderr];
  const written = streams.map((stream) => new Promise<void>((resolve) => stream.write("", () => resolve())));
  await settlesWithin(Promise.all(written), WRITTEN_MS);
}
