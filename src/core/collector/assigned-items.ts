import type { Assigned } from "../../protocol/batch-message.ts";
import { SeqMap } from "../../structures/seq-map.ts";

/** Most workers that are remembered of one item: the latest. */
const MAX_HOLDERS = 16;

/** Names a worker that shows a ticket. A name has no control characters, so no two workers have one key. */
export function holderKey({
  workerId,
  ticket,
}: {
  readonly workerId: string;
  readonly ticket: string;
}): string {
  return `${workerId}\0${ticket}`;
}

/**
 * The items of one task that are out, and which workers they were given to. A worker that an item was taken away from may have finished it,
 * so it is remembered until the item is collected.
 */
export class AssignedItems {
  readonly #holders = new SeqMap<readonly string[]>();

  /** How many items are out. */
  get size(): number {
    return this.#holders.size;
  }

  /** @param isCollected - Whether an item is collected already, so that nothing of it has to be kept. */
  add(message: Assigned, isCollected: (seq: number) => boolean): void {
    const key = holderKey(message);
    const alone = [key]; // shared by all items of the message
    for (const seq of message.seqs) {
      if (isCollected(seq)) continue;
      const known = this.#holders.get(seq);
      if (known === undefined) this.#holders.set(seq, alone);
      else if (!known.includes(key)) this.#holders.set(seq, [...known, key].slice(-MAX_HOLDERS));
    }
  }

  /** Whether an item was given to a worker. */
  has(seq: number, key: string): boolean {
    return this.#holders.get(seq)?.includes(key) ?? false;
  }

  /** The item is collected. */
  collected(seq: number): void {
    this.#holders.delete(seq);
  }
}
