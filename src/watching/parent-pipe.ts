import type { Readable, Writable } from "node:stream";

/** The descriptor of a child process's pipe to its parent. Nothing is written to the pipe: it ends when the parent does. */
export const PARENT_FD = 4;

/** The value for this descriptor in `spawn()`'s `stdio`. On Windows it makes a pipe that a thread can wait for. */
export const PARENT_PIPE = "overlapped";

/** Holds the parent's end of the pipe: it stays open as long as the parent lives, and does not keep the parent alive. */
export function holdParentPipe(pipe: Readable | Writable | null | undefined): void {
  if (pipe === null || pipe === undefined) return;
  pipe.on("error", () => {}); // the child has ended
  if ("resume" in pipe) pipe.resume();
  if ("unref" in pipe && typeof pipe.unref === "function") pipe.unref();
}
