import type { WorkerEnd } from "./worker-process.ts";

/** How many ends are remembered: those of the workers that the items in question have had. */
const KEPT = 1000;

/** How the workers' processes of a run ended, by the ids of the workers. */
export class ProcessEnds {
  readonly #byPid = new Map<string, string>();

  add(pid: number, { reason, printed }: WorkerEnd): void {
    const name = String(pid);
    this.#byPid.delete(name); // a process id may have come round again
    const tail = printed === "" ? "" : `. It wrote last:\n${printed}`;
    this.#byPid.set(name, `${reason}${tail}`);
    const [oldest] = this.#byPid.size > KEPT ? this.#byPid.keys() : [];
    if (oldest !== undefined) this.#byPid.delete(oldest);
  }

  /** A process begins: what is known of an earlier one of the same id does not hold for it. */
  forget(pid: number): void {
    this.#byPid.delete(String(pid));
  }

  /** @param workerId - Ends with the id of its process and something random. */
  of(workerId: string): string | undefined {
    const [, pid = ""] = /-(\d+)-[0-9a-f]+$/.exec(workerId) ?? [];
    return this.#byPid.get(pid);
  }
}
