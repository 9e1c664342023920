import { type ItemIterator, openItems } from "../distributor/item-iterator.ts";
import { Task } from "../distributor/task.ts";
import { settlesWithin } from "../executor/settles-within.ts";
import { NO_ENDPOINT } from "../role/network.ts";

/** How long an iterable may take to close, in ms. */
const CLOSE_MS = 1000;

/** A task whose iterable is given, so that it can be read from the first moment of the run. */
export abstract class LocalTask extends Task<object> {
  readonly endpoint = NO_ENDPOINT;
  #opened: { readonly items: ItemIterator } | { readonly error: unknown } | undefined;
  #isTaken = false;

  /** Takes the iterator. Called once. */
  protected abstract open(): ItemIterator;

  /** Whether it may be read before what it depends on is complete. */
  protected get isUrgent(): boolean {
    return false;
  }

  /** The run begins: takes the iterator and its first step, before anything else is waited for. */
  begin(): void {
    if (this.dependencies.length > 0 && !this.isUrgent) return;
    this.#open();
    // Whoever takes the items hears of the error.
    if (this.#opened !== undefined && "items" in this.#opened) this.#opened.items.begin(() => {});
  }

  /** Lets go of what nobody has taken: the run has ended before it came to that. */
  async close(): Promise<void> {
    if (this.#isTaken || this.#opened === undefined || "error" in this.#opened) return;
    await settlesWithin(
      this.#opened.items.close().catch(() => undefined),
      CLOSE_MS,
    );
  }

  /** Only here because a task has either `items()` or `handle()`. */
  override items(): Iterable<object> {
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
