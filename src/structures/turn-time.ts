/**
 * Time that work may take in one turn of the event loop. It begins with the first question in a turn, so at least one step is made in each.
 */
export class TurnTime {
  readonly #ms: number;
  readonly #onTurn: () => void;
  /** When this turn's time ends; undefined before the first question in this turn. */
  #end: number | undefined;

  /**
   * @param ms - Milliseconds of each turn. The last step may take longer.
   * @param onTurn - Called in the turn after one in which there was a question.
   */
  constructor(ms: number, onTurn: () => void = () => {}) {
    this.#ms = ms;
    this.#onTurn = onTurn;
  }

  get isOver(): boolean {
    const now = performance.now();
    this.#end ??= this.#begin(now);
    return now >= this.#end;
  }

  #begin(now: number): number {
    setImmediate(() => {
      this.#end = undefined;
      this.#onTurn();
    });
    return now + this.#ms;
  }
}
