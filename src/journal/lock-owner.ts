import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** The process that has a journal. Unknown facts are empty or absent: Linux tells all of them, other systems only host and process id. */
export interface LockOwner {
  readonly host: string;
  readonly pid: number;
  /**
   * The machine's boot, which all its containers share, and the ticks at which the process began, with a space between: a process id is used
   * again.
   */
  readonly started: string;
  /** The machine, in case several have one name. */
  readonly machine?: string;
  /** Where the process id counts: each container has process ids of its own. */
  readonly pidSpace?: string;
  /** The system holds a lock on the file as long as this process lives, also for those that cannot see the process. */
  readonly isHeld?: boolean;
}

/** `"unknown"`: it may be alive, and nothing here can tell. */
export type OwnerState = "alive" | "gone" | "elsewhere" | "unknown";

/** This process. */
export function thisOwner(isHeld: boolean): LockOwner {
  return {
    host: hostname(),
    pid: process.pid,
    // By this name: under another process-id space's /proc the number is another process.
    started: startOf(statOf("self")),
    machine: textOf("/etc/machine-id"),
    pidSpace: pidSpaceOf("self"),
    isHeld,
  };
}

/** Reads an owner from a lock's text. @returns Nothing where the text is none. */
export function parseOwner(text: string): LockOwner | undefined {
  let found: Partial<LockOwner>;
  try {
    found = JSON.parse(text) as Partial<LockOwner>;
  } catch {
    return undefined;
  }
  if (typeof found !== "object" || found === null) return undefined;
  const { host, pid, started } = found;
  const isOwner = typeof host === "string" && Number.isInteger(pid) && typeof started === "string";
  return isOwner ? (found as LockOwner) : undefined;
}

/** Whether the owner still lives, as far as this process can see. */
export function stateOf(owner: LockOwner): OwnerState {
  const own = thisOwner(false);
  if (owner.started === "" || own.started === "") {
    if (owner.host !== own.host) return "elsewhere";
    return isThere(owner.pid) ? "alive" : "gone";
  }
  if (bootOf(owner) !== bootOf(own)) {
    // The same machine, started again; or another one.
    const isSame = owner.host === own.host && (owner.machine ?? own.machine) === own.machine;
    return isSame ? "gone" : "elsewhere";
  }
  return findProcess(owner) ?? ((owner.pidSpace ?? own.pidSpace) === own.pidSpace ? "gone" : "unknown");
}

/** Looks for the owner among the processes that this one sees: its own, and those of containers inside of it. */
function findProcess({ pid, started, pidSpace }: LockOwner): OwnerState | undefined {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // The last number is the process's own, the others are what those outside of its space call it.
    const numbers = /^NSpid:\s*(.*)$/m.exec(textOf(`/proc/${name}/status`))?.[1]?.split(/\s+/);
    if (Number(numbers?.at(-1) ?? name) !== pid) continue;
    const stat = statOf(name);
    if (stat === undefined || startOf(stat) !== started) continue;
    // A zombie's space cannot be read any more, and a zombie writes nothing.
    if (stat.state === "Z" || stat.state === "X") return "gone";
    const space = pidSpaceOf(name);
    if (pidSpace === undefined || space === pidSpace || space === "") return "alive";
  }
  return undefined;
}

function bootOf({ started }: LockOwner): string {
  return started.split(" ")[0] as string;
}

function startOf(stat: ProcessStat | undefined): string {
  return stat === undefined ? "" : `${textOf("/proc/sys/kernel/random/boot_id")} ${stat.ticks}`;
}

interface ProcessStat {
  readonly state: string;
  readonly ticks: string;
}

function statOf(process: string): ProcessStat | undefined {
  const stat = textOf(`/proc/${process}/stat`);
  // After the name, which is in brackets and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, ticks] = [fields[0], fields[19]];
  return state === undefined || ticks === undefined ? undefined : { state, ticks };
}

function pidSpaceOf(process: string): string {
  try {
    return readlinkSync(`/proc/${process}/ns/pid`);
  } catch {
    return ""; // no Linux, or another user's
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1").trim();
  } catch {
    return "";
  }
}

/** Where there is no /proc: a process of this number, which may be another one by now. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
