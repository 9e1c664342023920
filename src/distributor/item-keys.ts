import { hash } from "node:crypto";
import { PipelineError } from "../errors.ts";
import { KEY_BYTES, type KeySet } from "../journal/key-set.ts";
import { describeThrown } from "../protocol/thrown.ts";
import type { RegisteredTask } from "./task.ts";

/** Longest key, in UTF-16 units. */
const MAX_KEY_LENGTH = 65_536;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** `key()` returned something that cannot be a key. */
export class ItemKeyError extends TypeError {}

/**
 * The keys of one task's items: leaves out items whose key is known. Only the first 128 bits of a key's SHA-256 are kept. Among a
 * thousand million keys, two have the same bits with a probability of 10^-21, and such a pair cannot be made on purpose.
 */
export class ItemKeys {
  readonly #task: RegisteredTask;
  readonly #known: KeySet;
  /** Items that were left out. */
  skipped = 0;

  constructor(task: RegisteredTask, known: KeySet) {
    this.#task = task;
    this.#known = known;
  }

  /**
   * @param index - The item's place in the source, counted from 0.
   * @returns The hash of an item's key.
   * @throws ItemKeyError when that cannot be used. @throws PipelineError `TASK_FAILED` when `key()` throws.
   */
  hashOf(item: unknown, index: number): Buffer {
    const key = this.#keyOf(item, index);
    if (typeof key === "string" && key.length > 0 && key.length <= MAX_KEY_LENGTH) return hashOf(key);
    const kind = typeof key === "string" ? `a string of ${key.length} characters` : describeKey(key);
    throw new ItemKeyError(
      `key() of task ${JSON.stringify(this.#task.taskType.name)} returned ${kind} for item ${index} (counted from 0): ` +
        `a key is a string of 1 to ${MAX_KEY_LENGTH} characters`,
    );
  }

  #keyOf(item: unknown, index: number): unknown {
    try {
      return this.#task.key?.(item);
    } catch (error) {
      const { name } = this.#task.taskType;
      const message = `key() of task ${JSON.stringify(name)} threw for item ${index} (counted from 0): ${describeThrown(error)}`;
      throw new PipelineError("TASK_FAILED", message, { role: "distributor", taskType: name, cause: error });
    }
  }

  /** Whether an item with this key is to be executed. A repeated item counts as skipped, unless the journal has it already. */
  isNew(key: Buffer): boolean {
    const met = this.#known.meet(key);
    if (met === "repeated") this.skipped += 1;
    return met === "new";
  }

  /** An item with this key is granted now. */
  add(key: Buffer): void {
    this.#known.add(key);
  }
}

function hashOf(key: string): Buffer {
  // UTF-8 would encode all lone surrogates as the same bytes.
  const bytes = !LONE_SURROGATE.test(key) ? key : Buffer.from(`\ud800${key}`, "utf16le");
  return hash("sha256", bytes, "buffer").subarray(0, KEY_BYTES);
}

function describeKey(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  return "then" in value ? "a promise" : "an object";
}
