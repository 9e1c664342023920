import type { PipelineError } from "../errors.ts";
import { Fifo } from "../structures/fifo.ts";

/** The part of a journal that a gate uses. */
export interface Committing {
  readonly isDirty: boolean;
  commit(done: (error: PipelineError | undefined) => void): void;
}

/**
 * Holds back every message until the journal has the changes from which the message follows (output commit: Strom and Yemini,
 * "Optimistic recovery in distributed systems", 1985). Messages that arise during a commit share the next one.
 */
export class OutputGate {
  readonly #journal: Committing;
  readonly #onFailed: (error: PipelineError) => void;
  readonly #waiting = new Fifo<() => void>();
  #committing = false;
  #broken = false;

  /** @param onFailed - Called once, when the journal fails; from then on only farewells are let out. */
  constructor(journal: Committing, onFailed: (error: PipelineError) => void) {
    this.#journal = journal;
    this.#onFailed = onFailed;
  }

  /** @param isFarewell - Whether the message promises nothing, so that it may go out although the journal has failed. */
  pass(output: () => void, isFarewell = false): void {
    if (this.#broken) {
      if (isFarewell) output();
    } else if (!this.#committing && !this.#journal.isDirty) {
      output();
    } else {
      this.#waiting.push(output);
      this.commit();
    }
  }

  /** Commits what the journal has gathered, even if no message waits for it. */
  commit(): void {
    if (this.#committing || this.#broken) return;
    if (this.#waiting.size === 0 && !this.#journal.isDirty) return;
    this.#committing = true;
    const count = this.#waiting.size;
    this.#journal.commit((error) => {
      if (error !== undefined) return this.fail(error);
      for (let left = count; left > 0; left--) this.#waiting.shift()?.();
      this.#committing = false;
      this.commit();
    });
  }

  fail(error: PipelineError): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#waiting.clear();
    this.#onFailed(error);
  }
}
