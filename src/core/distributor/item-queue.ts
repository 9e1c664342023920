import { Fifo } from "../../structures/fifo.ts";

/** What a queue needs to know of an item. */
interface QueuedItem {
  readonly place: { readonly at: string };
  readonly failedOn: readonly string[];
}

/** Whether an item that failed on these workers may go to this worker now. */
type Suits<Worker> = (failedOn: readonly string[], worker: Worker, now: number) => boolean;

/**
 * Items that wait for a worker with room, in order. Items that have failed wait in lines of their own, one line for each list of
 * workers on which they failed. So an item that waits for a certain worker holds up no item behind it, and finding the next item
 * costs as much as there are such lists, not as much as there are items.
 */
export class ItemQueue<Item extends QueuedItem, Worker> {
  readonly #at: string;
  readonly #suits: Suits<Worker>;
  readonly #plain = new Fifo<Item>();
  readonly #failed = new Map<string, Fifo<Item>>();

  /** @param at - The place of the items in this queue. */
  constructor(at: Item["place"]["at"], suits: Suits<Worker>) {
    this.#at = at;
    this.#suits = suits;
  }

  /** Number of entries, those included whose item has moved to another place since. */
  get size(): number {
    let size = this.#plain.size;
    for (const line of this.#failed.values()) size += line.size;
    return size;
  }

  get isEmpty(): boolean {
    if (this.#head(this.#plain, "") !== undefined) return false;
    for (const [key, line] of this.#failed) if (this.#head(line, key) !== undefined) return false;
    return true;
  }

  push(item: Item): void {
    if (item.failedOn.length === 0) {
      this.#plain.push(item);
      return;
    }
    const key = keyOf(item);
    let line = this.#failed.get(key);
    if (line === undefined) {
      line = new Fifo();
      this.#failed.set(key, line);
    }
    line.push(item);
  }

  /** Takes the next item that may go to this worker. */
  take(worker: Worker, now: number): Item | undefined {
    if (this.#failed.size > 0) {
      const item = this.#takeFailed(worker, now);
      if (item !== undefined) return item;
    }
    const item = this.#head(this.#plain, "");
    if (item !== undefined) this.#plain.shift();
    return item;
  }

  #takeFailed(worker: Worker, now: number): Item | undefined {
    for (const [key, line] of this.#failed) {
      const item = this.#head(line, key);
      if (item === undefined) {
        this.#failed.delete(key);
      } else if (this.#suits(item.failedOn, worker, now)) {
        line.shift();
        // The lines take turns: this one is the last now.
        this.#failed.delete(key);
        this.#failed.set(key, line);
        return item;
      }
    }
    return undefined;
  }

  /** The first item of a line. Drops entries whose item has moved since; the item may have come back in another line. */
  #head(line: Fifo<Item>, key: string): Item | undefined {
    for (;;) {
      const item = line.peek();
      if (item === undefined || (item.place.at === this.#at && keyOf(item) === key)) return item;
      line.shift();
    }
  }
}

function keyOf({ failedOn }: QueuedItem): string {
  return failedOn.length === 0 ? "" : failedOn.join("\n");
}
