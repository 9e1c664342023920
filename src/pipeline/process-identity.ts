import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Which process it is: a process id alone is used again, and means something else on another host and in another container. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** The space of process ids that `pid` is one of; empty where there is only one. */
  readonly namespace: string;
  /** When the process began, as the system counts it, and since which boot; empty where that cannot be known. */
  readonly started: string;
}

export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  return { pid, host: hostname(), namespace: pidNamespace(), started: startOf(pid) ?? "" };
}

/** What {@link ownIdentity} gave, after it was written as JSON; nothing when the text is anything else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    const { pid, host, namespace, started } = JSON.parse(text) as Partial<ProcessIdentity>;
    const areTexts = [host, namespace, started].every((value) => typeof value === "string");
    if (Number.isInteger(pid) && Number(pid) > 0 && areTexts)
      return { pid, host, namespace, started } as ProcessIdentity;
  } catch {
    // no JSON
  }
  return undefined;
}

/** Whether a process has certainly ended. Where that cannot be told from here, it has not. */
export function isProvenDead({ pid, host, namespace, started }: ProcessIdentity): boolean {
  if (
    host !== hostname() ||
    namespace !== pidNamespace() ||
    bootOf(started) !== bootOf(ownIdentity().started)
  )
    return false;
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

function pidNamespace(): string {
  try {
    return process.platform === "linux" ? readlinkSync("/proc/self/ns/pid") : "";
  } catch {
    return "unknown";
  }
}

/** Boot and clock ticks at which a process began; "dead" for one that only waits to be forgotten; nothing where it cannot be known. */
function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // After the name, which is in brackets and may contain anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "dead" : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}
