import type { PipelineError } from "../errors.ts";
import { Fifo } from "../structures/fifo.ts";

/** What a gate needs of a journal. */
export interface Committing {
  readonly isDirty: boolean;
  commit(done: (error: PipelineError | undefined) => void): void;
}

/**
 * Lets nothing out of the process before the journal has what it follows from (output commit: Strom and Yemini, "Optimistic
 * recovery in distributed systems", 1985). What is said while the disk is waited for shares the next commit.
 */
export class OutputGate {
  readonly #journal: Committing;
  readonly #onFailed: (error: PipelineError) => void;
  readonly #waiting = new Fifo<() => void>();
  #committing = false;
  #broken = false;

  /** @param onFailed - Told once; from then on nothing is let out but farewells. */
  constructor(journal: Committing, onFailed: (error: PipelineError) => void) {
    this.#journal = journal;
    this.#onFailed = onFailed;
  }

  /** @param isFarewell - True of what may go out although the journal is broken: it promises nothing. */
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

  /** Writes what nothing has waited for so far. */
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
