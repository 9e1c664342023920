import type { Produced } from "../../protocol/batch-message.ts";
import { SeqSet } from "../../structures/seq-set.ts";

/** The items of one task that exist, as the distributor has said: a worker may claim to have results of others. */
export class ExistingItems {
  /** Items of the first generation are below this number. */
  #count = 0;
  /** Items that had failed for good and are executed again. */
  readonly #again = new SeqSet();
  /** Whether the task has produced all of its items. */
  hasAll = false;

  /** What was said before remains true: a distributor that has restarted knows its run from its journal. */
  add({ count, all, again }: Produced): void {
    this.#count = Math.max(this.#count, count);
    this.hasAll ||= all;
    for (const seq of again) this.#again.add(seq);
  }

  get count(): number {
    return this.#count;
  }

  has(seq: number): boolean {
    return seq < this.#count || this.#again.has(seq);
  }
}
