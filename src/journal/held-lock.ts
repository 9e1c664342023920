import { spawnSync } from "node:child_process";

/** How long the command may take, in ms. */
const DEADLINE_MS = 5000;

/** Whether somebody holds a lock on a file; `"unknown"` where the command `flock` is missing, or the file system has no locks. */
export type HeldState = "held" | "free" | "unknown";

/**
 * Takes the system's lock on an open file, which lasts until this process closes the file or ends, in whatever way. Node has no call for
 * it; `flock` of util-linux or busybox, given the descriptor, takes it for all who share the open file, and so for this process.
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
