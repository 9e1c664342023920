import type { Readable, Writable } from "node:stream";

/** The descriptor of a process that is a pipe to its parent. Nobody writes to it: its end says that the parent is gone. */
export const PARENT_FD = 4;

/** What `spawn()` is told about that descriptor; on Windows a pipe that a thread can wait for. */
export const PARENT_PIPE = "overlapped";

/** The parent's end: open as long as the parent lives, and no reason for it to live. */
export function holdParentPipe(pipe: Readable | Writable | null | undefined): void {
  if (pipe === null || pipe === undefined) return;
  pipe.on("error", () => {}); // the child is gone
  if ("resume" in pipe) pipe.resume();
  if ("unref" in pipe && typeof pipe.unref === "function") pipe.unref();
}
