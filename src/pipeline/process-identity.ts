import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Identifies a process. A process id alone is not enough: it is used again, and means another process on another host or in another container. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** The namespace of process ids that `pid` belongs to; empty where there is only one. */
  readonly namespace: string;
  /** The id of the boot and the clock tick at which the process began; empty where they are unknown. */
  readonly started: string;
  /** The machine's id, which it has in all its boots; empty where it is unknown. */
  readonly machine: string;
}

export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  const machine = textOf("/etc/machine-id");
  return { pid, host: hostname(), namespace: pidNamespace(), started: startOf(pid) ?? "", machine };
}

/** Reads an identity that was written as JSON; `undefined` when the text is anything else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    const { pid, host, namespace, started, machine = "" } = JSON.parse(text) as Partial<ProcessIdentity>;
    const areTexts = [host, namespace, started, machine].every((value) => typeof value === "string");
    if (Number.isInteger(pid) && Number(pid) > 0 && areTexts)
      return { pid, host, namespace, started, machine } as ProcessIdentity;
  } catch {
    // not JSON
  }
  return undefined;
}

/** Whether a process has certainly ended; `false` where this process cannot tell. */
export function isProvenDead({ pid, host, namespace, started, machine }: ProcessIdentity): boolean {
  const own = ownIdentity();
  if (host !== own.host) return false;
  if (bootOf(started) !== bootOf(own.started)) {
    // Nothing of an earlier boot of this machine is left. Another machine may have this one's name.
    return started !== "" && own.started !== "" && machine !== "" && machine === own.machine;
  }
  if (namespace !== own.namespace) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  const now = startOf(pid);
  return now !== undefined && now !== started;
}

function bootOf(started: string): string {
  return started.split(" ")[0] ?? "";
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1").trim();
  } catch {
    return "";
  }
}

function pidNamespace(): string {
  try {
    return process.platform === "linux" ? readlinkSync("/proc/self/ns/pid") : "";
  } catch {
    return "unknown";
  }
}

/** Boot and clock tick at which a process began; "dead" for a zombie; `undefined` where they are unknown. */
function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The fields after the name, which is in brackets and may contain anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "dead" : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}
