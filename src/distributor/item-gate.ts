import { DEFAULT_WINDOW_BYTES } from "../core/window.ts";
import { KeySet } from "../journal/key-set.ts";
import { Fifo } from "../structures/fifo.ts";
import { ItemKeys } from "./item-keys.ts";
import type { RegisteredTask } from "./task.ts";

/** Items that a task has given and the core has not taken yet. Lets each key out once if items have keys, and every item if not. */
export class ItemGate {
  readonly #task: RegisteredTask;
  readonly #buffer = new Fifo<Uint8Array>();
  #bytes = 0;
  /** The keys of the items in the buffer, if items have keys. */
  readonly #bufferedKeys = new Fifo<Buffer>();
  #keys: ItemKeys | undefined;
  /** The key of the value that was looked at last. */
  #seen: Buffer | undefined;
  /** Values that were looked at. */
  #given = 0;
  /** The key of the item that was let out last. */
  key: Buffer | undefined;

  constructor(task: RegisteredTask) {
    this.#task = task;
    this.know(new KeySet());
  }

  /** Takes over the keys that the journal has, if items have keys. */
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

  /** Whether the buffer has `wanted` items, or as many bytes as a worker gets at a time. */
  isFull(wanted: number): boolean {
    return this.#buffer.size >= wanted || this.#bytes >= DEFAULT_WINDOW_BYTES;
  }

  /** Looks at a value that the task gave. @returns Whether its key is known. */
  knows(value: unknown): boolean {
    if (this.#keys === undefined) return false;
    const item = value === undefined ? {} : value;
    this.#seen = this.#keys.hashOf(item, this.#given++);
    return !this.#keys.isNew(this.#seen);
  }

  /** Puts the value that was looked at last into the buffer. */
  push(payload: Uint8Array): void {
    this.#buffer.push(payload);
    this.#bytes += payload.length;
    if (this.#seen !== undefined) this.#bufferedKeys.push(this.#seen);
  }

  /** The next item of the buffer, unless another with its key has come before. */
  shift(): Uint8Array | undefined {
    for (;;) {
      const payload = this.#buffer.shift();
      this.#bytes -= payload?.length ?? 0;
      if (payload === undefined || this.#letsOut(this.#bufferedKeys.shift())) return payload;
    }
  }

  /** Lets out the value that was looked at last. @returns False when its key was let out meanwhile. */
  letsOut(): boolean {
    return this.#letsOut(this.#seen);
  }

  /** Makes the key known, only now: an item that is still in the buffer is lost in a crash. */
  #letsOut(key: Buffer | undefined): boolean {
    if (this.#keys === undefined || key === undefined) return true;
    if (!this.#keys.isNew(key)) return false;
    this.#keys.add(key);
    this.key = key;
    return true;
  }
}
