import type { Execution } from "../../core/execution.ts";
import type { PoolThread } from "./pool-thread.ts";

/** Most items that are remembered: the item that failed longest ago is forgotten first. */
const MAX_ITEMS = 10_000;

/** Remembers on which threads each item has failed: its next attempt goes to another one. */
export class FailedThreads {
  readonly #byItem = new Map<string, WeakSet<PoolThread>>();

  add(execution: Execution, thread: PoolThread): void {
    const key = keyOf(execution);
    const threads = this.#byItem.get(key) ?? new WeakSet();
    this.#byItem.delete(key); // moves the item to the end of the map
    this.#byItem.set(key, threads.add(thread));
    const [oldest] = this.#byItem.keys();
    if (this.#byItem.size > MAX_ITEMS && oldest !== undefined) this.#byItem.delete(oldest);
  }

  /** @returns The threads on which the item has not failed; all threads if it has failed on each. */
  others(execution: Execution, all: Iterable<PoolThread>): Iterable<PoolThread> {
    const failedOn = execution.attempt > 1 ? this.#byItem.get(keyOf(execution)) : undefined;
    if (failedOn === undefined) return all;
    const others = [...all].filter((thread) => !failedOn.has(thread));
    return others.length > 0 ? others : all;
  }
}

function keyOf({ sourceId, seq }: Execution): string {
  return `${sourceId} ${seq}`;
}
