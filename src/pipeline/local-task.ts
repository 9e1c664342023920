import { type ItemIterator, openItems } from "../distributor/item-iterator.ts";
import { Task } from "../distributor/task.ts";
import { settlesWithin } from "../executor/settles-within.ts";
import { NO_ENDPOINT } from "../role/network.ts";

/** How long an iterable may take to close, in ms. */
const CLOSE_MS = 1000;

/** A task that can read its iterable from the first moment of the run. */
export abstract class LocalTask extends Task<unknown> {
  readonly endpoint = NO_ENDPOINT;
  #opened: { readonly items: ItemIterator } | { readonly error: unknown } | undefined;
  #isTaken = false;

  /** Gets the iterator. Called once. */
  protected abstract open(): ItemIterator;

  /** Whether the iterable must be read at once, even if the task's dependencies are not complete. */
  protected get isUrgent(): boolean {
    return false;
  }

  /** Whether the iterable is made of the metadata, which are not there when the run begins. */
  protected get needsMetadata(): boolean {
    return false;
  }

  /** Gets the iterator and asks for its first item. The run calls it before its first `await`. */
  begin(): void {
    if ((this.dependencies.length > 0 && !this.isUrgent) || this.needsMetadata) return;
    this.#open();
    // An error is thrown to the distributor when it takes the items.
    if (this.#opened !== undefined && "items" in this.#opened) this.#opened.items.begin(() => {});
  }

  /** Closes the iterator if the run has ended before the distributor took it. */
  async close(): Promise<void> {
    if (this.#isTaken || this.#opened === undefined || "error" in this.#opened) return;
    await settlesWithin(
      this.#opened.items.close().catch(() => undefined),
      CLOSE_MS,
    );
  }

  /** Never called: it is here because a task must have either `items()` or `handle()`. */
  override items(): Iterable<unknown> {
    throw new TypeError("The items of a local task are opened by the task itself");
  }

  /** @internal */
  override [openItems](): ItemIterator {
    this.#isTaken = true;
    this.#open();
    if (this.#opened === undefined || "error" in this.#opened) throw this.#opened?.error;
    return this.#opened.items;
  }

  #open(): void {
    if (this.#opened !== undefined) return;
    try {
      this.#opened = { items: this.open() };
    } catch (error) {
      this.#opened = { error };
    }
  }
}
