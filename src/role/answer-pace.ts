/** How much longer than an answer took no further one is given: answers take a quarter of a role's time at the most. */
const PAUSE_FACTOR = 3;

/** Most peers whose questions wait. */
const MAX_WAITING = 4096;

/** Answers the questions of many peers, one peer after another, and pauses after an answer that took long. Of each peer, only the latest question waits. */
export class AnswerPace {
  readonly #waiting = new Map<string, () => void>();
  /** When the next answer may be given. */
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param answer - Is called now, or later. */
  run(connection: string, answer: () => void): void {
    if (this.#timer === undefined && performance.now() >= this.#next) return this.#answer(answer);
    // A peer that asks again keeps its place.
    if (this.#waiting.has(connection) || this.#waiting.size < MAX_WAITING)
      this.#waiting.set(connection, answer);
    this.#wait();
  }

  forget(connection: string): void {
    this.#waiting.delete(connection);
  }

  /** Nothing that waits is answered any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #wait(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        const [next] = this.#waiting;
        if (next === undefined) return;
        this.#waiting.delete(next[0]);
        this.#answer(next[1]);
        if (this.#waiting.size > 0) this.#wait();
      },
      Math.max(0, this.#next - performance.now()),
    ).unref();
  }

  #answer(answer: () => void): void {
    const begun = performance.now();
    answer();
    const ended = performance.now();
    this.#next = ended + PAUSE_FACTOR * (ended - begun);
  }
}
