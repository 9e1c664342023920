import { readdirSync, readFileSync } from "node:fs";
import type { ResolvedNetwork } from "./network.ts";

/** What a process has open besides connections: files, pipes, libzmq's own. */
const OTHERS = 64;

/**
 * A role that runs out of file descriptors lets nobody in any more, and the process may end: better to hear of it at the start.
 *
 * @returns What to warn of, where fewer files may be open than there may be connections.
 */
export function descriptorWarning({ maxConnections }: ResolvedNetwork): object | undefined {
  const limit = openFileLimit();
  if (limit === undefined || limit >= maxConnections + OTHERS) return undefined;
  return { limit, maxConnections, advice: `ulimit -n ${maxConnections + OTHERS}, or a lower maxConnections` };
}

/** How many files this process may have open, where that is known. Node raises the soft limit to the hard one when it starts. */
export function openFileLimit(): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EMFILE") return 0; // it does not matter how many: none is left
    return undefined; // a system without /proc: nothing is known, and nothing is said
  }
}

/** How many more files this process may open, where that is known. */
export function freeDescriptors(): number | undefined {
  const limit = openFileLimit();
  if (limit === undefined) return undefined;
  try {
    return limit - readdirSync("/proc/self/fd").length;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EMFILE" ? 0 : undefined;
  }
}
