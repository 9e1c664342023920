import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { PipelineError } from "../errors.ts";

/** Who has a journal. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When the process began, as the system counts it: a process id is used again. Empty where that cannot be known. */
  readonly started: string;
}

/** Keeps a journal to one distributor, by a file beside it that names its process. A process that is gone has no claim. */
export class JournalLock {
  readonly #path: string;
  readonly #owner: string;

  private constructor(path: string, owner: string) {
    this.#path = path;
    this.#owner = owner;
  }

  /** @throws PipelineError `JOURNAL_IN_USE` when another process has it, or a process of another host may have. */
  static take(journal: string): JournalLock {
    const path = `${journal}.lock`;
    const own = JSON.stringify({ host: hostname(), pid: process.pid, started: startOf(process.pid) });
    while (!create(path, own)) removeStale(path, journal);
    return new JournalLock(path, own);
  }

  /** Unless somebody has removed it: what is there then is another's. */
  release(): void {
    if (read(this.#path) === this.#owner) unlinkSync(this.#path);
  }
}

/** Written elsewhere and then given its name: whoever is killed meanwhile leaves no lock that says nothing of its owner. */
function create(path: string, text: string): boolean {
  const unfinished = `${path}.${randomBytes(4).toString("hex")}`;
  writeFileSync(unfinished, text, { flag: "wx", mode: 0o600 });
  try {
    linkSync(unfinished, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(unfinished);
  }
}

/** Moved before it is removed: of several that find it stale, one moves it, and sees that it is what was found. */
function removeStale(path: string, journal: string): void {
  const found = read(path);
  if (found === undefined) return; // released meanwhile
  const owner = parse(found);
  if (owner === undefined || isAlive(owner)) throw inUse(path, journal, owner);
  const aside = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    if (read(aside) !== found) linkSync(aside, path); // another's, taken in between: it goes back
  } finally {
    unlinkSync(aside);
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text: string): Owner | undefined {
  try {
    const { host, pid, started } = JSON.parse(text) as Partial<Owner>;
    if (typeof host === "string" && Number.isInteger(pid) && typeof started === "string")
      return { host, pid: pid as number, started };
  } catch {
    // being written, or not ours
  }
  return undefined;
}

function isAlive({ host, pid, started }: Owner): boolean {
  if (host !== hostname()) return true; // nobody here can tell
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return startOf(pid) === started;
}

/** Boot and clock ticks at which a process began, where /proc tells; empty elsewhere. */
function startOf(pid: number): string {
  if (process.platform !== "linux") return "";
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // After the name, which is in brackets and may contain anything.
    return `${boot} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return "";
  }
}

function inUse(path: string, journal: string, owner: Owner | undefined): PipelineError {
  const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
  const message =
    `Journal ${JSON.stringify(journal)} is in use by ${who}. ` +
    `If that process is gone, remove ${JSON.stringify(path)}`;
  return new PipelineError("JOURNAL_IN_USE", message, { role: "distributor" });
}
