import type { TaskLedger } from "./task-ledger.ts";

/** A run's tasks: which of them an event has touched, and which wait for others. */
export class TaskSet implements Iterable<TaskLedger> {
  readonly byName: ReadonlyMap<string, TaskLedger>;
  readonly #touched = new Set<TaskLedger>();

  constructor(tasks: Iterable<TaskLedger>) {
    this.byName = new Map([...tasks].map((task) => [task.name, task]));
  }

  get areComplete(): boolean {
    for (const task of this) if (task.phase !== "complete") return false;
    return true;
  }

  [Symbol.iterator](): Iterator<TaskLedger> {
    return this.byName.values();
  }

  touch(task: TaskLedger): void {
    this.#touched.add(task);
  }

  touchAll(): void {
    for (const task of this) this.#touched.add(task);
  }

  /** Takes those that were touched, also those that are touched meanwhile. */
  *takeTouched(): IterableIterator<TaskLedger> {
    for (const task of this.#touched) {
      this.#touched.delete(task);
      yield task;
    }
  }

  /** Opens the tasks that have waited for one that is complete now, and for no other. */
  openDependents(): void {
    const isPending = (name: string) => this.byName.get(name)?.phase !== "complete";
    for (const task of this) {
      if (task.phase !== "blocked" || task.spec.dependencies.some(isPending)) continue;
      task.phase = "open";
      this.touch(task);
    }
  }
}
