import type { TaskLedger } from "./task-ledger.ts";

/** A run's tasks, and which of them have to be looked at because an event touched them. */
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

  /** Whether items can still be settled: their task has workers, or the collector has yet to acknowledge that they failed. */
  get areUnderWay(): boolean {
    for (const task of this) {
      if (task.phase === "complete") continue;
      if (task.workers.size > 0) return true;
      for (const { place } of task.items.values()) if (place.at === "collector") return true;
    }
    return false;
  }

  [Symbol.iterator](): Iterator<TaskLedger> {
    return this.byName.values();
  }

  touch(task: TaskLedger): void {
    this.#touched.add(task);
  }

  touchNamed(name: string): void {
    const task = this.byName.get(name);
    if (task !== undefined) this.#touched.add(task);
  }

  touchAll(): void {
    for (const task of this) this.#touched.add(task);
  }

  /** Takes the touched tasks, those included that are touched meanwhile. */
  *takeTouched(): IterableIterator<TaskLedger> {
    for (const task of this.#touched) {
      this.#touched.delete(task);
      yield task;
    }
  }

  /** Opens the blocked tasks whose dependencies are all complete now. */
  openDependents(): void {
    const isPending = (name: string) => this.byName.get(name)?.phase !== "complete";
    for (const task of this) {
      if (task.phase !== "blocked" || task.spec.dependencies.some(isPending)) continue;
      task.phase = "open";
      this.touch(task);
    }
  }
}
