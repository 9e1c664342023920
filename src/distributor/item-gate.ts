import { KeySet } from "../journal/key-set.ts";
import { Fifo } from "../structures/fifo.ts";
import { ItemKeys } from "./item-keys.ts";
import type { Task } from "./task.ts";

/** What a task has given and nobody has taken yet, and what of it is let out: without `key()` everything, with it each key once. */
export class ItemGate {
  readonly #task: Task<object, object, object>;
  readonly #buffer = new Fifo<Uint8Array>();
  /** Those of the items in the buffer, where items have keys. */
  readonly #bufferedKeys = new Fifo<Buffer>();
  #keys: ItemKeys | undefined;
  /** The key of what was looked at last. */
  #seen: Buffer | undefined;
  /** Values that were looked at. */
  #given = 0;
  /** The key of what was let out last. */
  key: Buffer | undefined;

  constructor(task: Task<object, object, object>) {
    this.#task = task;
    this.know(new KeySet());
  }

  /** Puts the keys of an earlier life in place, where items have keys. */
  know(keys: KeySet): void {
    if (this.#task.key !== undefined) this.#keys = new ItemKeys(this.#task, keys);
  }

  get isKeyed(): boolean {
    return this.#keys !== undefined;
  }

  /** See `ItemSource`. */
  get skipped(): number | undefined {
    return this.#keys?.skipped;
  }

  get size(): number {
    return this.#buffer.size;
  }

  /** Looks at what the task gave. @returns Whether its key is known. What is no item at all has none, and is refused elsewhere. */
  knows(value: unknown): boolean {
    if (this.#keys === undefined) return false;
    const index = this.#given++;
    const item = value ?? {};
    if (typeof item !== "object") return false;
    this.#seen = this.#keys.hashOf(item, index);
    return !this.#keys.isNew(this.#seen);
  }

  /** Keeps what was looked at last for later. */
  push(payload: Uint8Array): void {
    this.#buffer.push(payload);
    if (this.#seen !== undefined) this.#bufferedKeys.push(this.#seen);
  }

  /** The next item of the buffer, unless another with its key has come before. */
  shift(): Uint8Array | undefined {
    for (;;) {
      const payload = this.#buffer.shift();
      if (payload === undefined || this.#letsOut(this.#bufferedKeys.shift())) return payload;
    }
  }

  /** Lets out what was looked at last. @returns False when its key was let out meanwhile. */
  letsOut(): boolean {
    return this.#letsOut(this.#seen);
  }

  /** The key is known from now on, and not before: what is only in the buffer is lost in a crash. */
  #letsOut(key: Buffer | undefined): boolean {
    if (this.#keys === undefined || key === undefined) return true;
    if (!this.#keys.isNew(key)) return false;
    this.#keys.add(key);
    this.key = key;
    return true;
  }
}
