import { readdirSync, readFileSync } from "node:fs";
import type { RoleLog } from "../logging/logger.ts";
import type { ResolvedNetwork } from "./network.ts";

/** Open files besides connections: files, pipes, and libzmq's own. */
const OTHERS = 64;

/**
 * Compares the limit of open files with `maxConnections` at the start of a role. A role that runs out of file descriptors accepts no more connections, and its process may end.
 * Fewer files than connections give a warning in the role's log.
 */
export function warnOfFewDescriptors({ maxConnections }: ResolvedNetwork, log: RoleLog): void {
  const limit = openFileLimit();
  if (limit === undefined || limit >= maxConnections + OTHERS) return;
  const advice = `ulimit -n ${maxConnections + OTHERS}, or a lower maxConnections`;
  log.write("warn", "few files may be open", { limit, maxConnections, advice });
}

/** How many files this process may have open; `undefined` if unknown. Node raises the soft limit to the hard one when it starts. */
export function openFileLimit(): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EMFILE") return 0; // the limit does not matter: no descriptor is left
    return undefined; // a system without /proc
  }
}

/** How many more files this process may open; `undefined` if unknown. */
export function freeDescriptors(): number | undefined {
  const limit = openFileLimit();
  if (limit === undefined) return undefined;
  try {
    return limit - readdirSync("/proc/self/fd").length;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EMFILE" ? 0 : undefined;
  }
}
