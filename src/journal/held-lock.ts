import { spawnSync } from "node:child_process";

/** Longest time that `flock` may take. */
const DEADLINE_MS = 5000;

/** Whether a process holds a lock on a file; `"unknown"` when the command `flock` is missing or the file system has no locks. */
export type HeldState = "held" | "free" | "unknown";

/**
 * Takes the system's lock on an open file. The lock lasts until this process closes the file or ends in any way. Node has no call for it,
 * so `flock` (util-linux, busybox) inherits the descriptor and takes the lock, which belongs to the open file and not to the command.
 */
export function holdFile(descriptor: number): HeldState {
  if (process.platform !== "linux") return "unknown";
  const { status } = spawnSync("flock", ["-n", "3"], {
    stdio: ["ignore", "ignore", "ignore", descriptor],
    timeout: DEADLINE_MS,
  });
  if (status === 0) return "free";
  return status === 1 ? "held" : "unknown";
}
