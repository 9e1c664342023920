import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** The process that has a journal. Unknown fields are empty or absent: only Linux gives more than host and process id. */
export interface LockOwner {
  readonly host: string;
  readonly pid: number;
  /**
   * The id of the machine's boot, which its containers share, a space, and the process's start time in ticks. Needed because process ids
   * are reused.
   */
  readonly started: string;
  /** The machine's id, because several machines may have the same host name. */
  readonly machine?: string;
  /** The namespace of the process id: each container has its own. */
  readonly pidSpace?: string;
  /** Tells the locks of one process apart. */
  readonly id?: string;
  /** The system holds a lock on the file as long as the process lives. Processes in other containers see this lock, too. */
  readonly isHeld?: boolean;
}

/** `"unknown"`: this process cannot tell. */
export type OwnerState = "alive" | "gone" | "elsewhere" | "unknown";

/** This process as an owner. */
export function thisOwner(isHeld: boolean): LockOwner {
  return {
    host: hostname(),
    pid: process.pid,
    // "self" and not the process id: /proc may belong to another namespace, where the id is another process's.
    started: startOf(statOf("self")),
    machine: textOf("/etc/machine-id"),
    pidSpace: pidSpaceOf("self"),
    isHeld,
  };
}

/** Reads an owner from a lock's text; nothing when the text is not an owner. */
export function parseOwner(text: string): LockOwner | undefined {
  let found: Partial<LockOwner>;
  try {
    found = JSON.parse(text.split("\n", 1)[0] as string) as Partial<LockOwner>;
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
    // The machine was restarted, or it is another machine. Containers of two machines may have the same name and no machine's id.
    const isSame = owner.host === own.host && (owner.machine ?? own.machine) === own.machine;
    return isSame && (own.machine !== "" || owner.isHeld === true) ? "gone" : "elsewhere";
  }
  return findProcess(owner) ?? ((owner.pidSpace ?? own.pidSpace) === own.pidSpace ? "gone" : "unknown");
}

/** Looks for the owner among the processes that this process sees: those of its namespace and of the containers inside it. */
function findProcess({ pid, started, pidSpace }: LockOwner): OwnerState | undefined {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // The last number is the id in the process's own namespace. The others are its ids in the enclosing namespaces.
    const numbers = /^NSpid:\s*(.*)$/m.exec(textOf(`/proc/${name}/status`))?.[1]?.split(/\s+/);
    if (Number(numbers?.at(-1) ?? name) !== pid) continue;
    const stat = statOf(name);
    if (stat === undefined || startOf(stat) !== started) continue;
    // A zombie's namespace cannot be read any more, and a zombie writes nothing.
    if (stat.state === "Z" || stat.state === "X") return "gone";
    const space = pidSpaceOf(name);
    if (pidSpace === undefined || space === pidSpace || space === "") return "alive";
  }
  return undefined;
}

/** Whether the owner ran since this machine was started. */
export function isOfThisBoot(owner: LockOwner): boolean {
  return bootOf(owner) === bootOf(thisOwner(false));
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
  // The fields after the name, which is in brackets and may contain any character.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, ticks] = [fields[0], fields[19]];
  return state === undefined || ticks === undefined ? undefined : { state, ticks };
}

function pidSpaceOf(process: string): string {
  try {
    return readlinkSync(`/proc/${process}/ns/pid`);
  } catch {
    return ""; // not Linux, or another user's process
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1").trim();
  } catch {
    return "";
  }
}

/** Whether a process with this id exists, for systems without /proc. It may be another process by now. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
