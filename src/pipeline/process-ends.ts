import type { WorkerEnd } from "./worker-process.ts";

/** How many ends are remembered. */
const KEPT = 1000;

/** Remembers how the workers' processes of a run have ended, for the texts of errors. */
export class ProcessEnds {
  readonly #byPid = new Map<string, string>();

  add(pid: number, { reason, printed }: WorkerEnd): void {
    const name = String(pid);
    this.#byPid.delete(name); // the system may have used a process id again
    const tail = printed === "" ? "" : `. It wrote last:\n${printed}`;
    this.#byPid.set(name, `${reason}${tail}`);
    const [oldest] = this.#byPid.size > KEPT ? this.#byPid.keys() : [];
    if (oldest !== undefined) this.#byPid.delete(oldest);
  }

  /** Forgets an earlier process with the id of a process that begins. */
  forget(pid: number): void {
    this.#byPid.delete(String(pid));
  }

  /** @param workerId - Ends with the process id and a random part. @returns How the worker's process ended, if it is known. */
  of(workerId: string): string | undefined {
    const [, pid = ""] = /-(\d+)-[0-9a-f]+$/.exec(workerId) ?? [];
    return this.#byPid.get(pid);
  }
}
