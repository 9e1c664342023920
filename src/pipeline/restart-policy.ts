import type { WorkerEnd } from "./worker-process.ts";

/** Wait before a worker is started again, in ms. It doubles each time for a worker that dies before it has worked. */
const RESTART_MS = 50;
export const MAX_RESTART_MS = 5000;

/** Before any worker of its kind has finished an item, a worker may die with an item `limit` times this often in a row: the items may be at fault. */
const BENEFIT_OF_DOUBT = 4;

/** A worker without an item that lived longer than this, in ms, did not die of its start. */
const SETTLED_MS = 10_000;

/** How many starts in a row the system may refuse before a worker is given up: about 13 s. */
const START_ATTEMPTS = 9;

/**
 * Decides whether a worker that died is started again, and after how long. A worker that dies before it has an item is at fault itself, and
 * may do so `limit` times in a row. A worker that dies with an item may have died of that item: the distributor finds the item, and
 * reports it as failed. So such deaths do not count, as long as workers of the same kind can finish items at all.
 */
export class RestartPolicy {
  readonly #limit: number;
  #deaths = 0;
  #barren = 0;
  #withItem = 0;
  #unstarted = 0;

  /** @param limit - How often in a row a worker that has not worked is started again; 0: a worker is never started again. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How often the worker has died or could not be started. */
  get deaths(): number {
    return this.#deaths;
  }

  /** The worker has executed an item to its end. */
  worked(): void {
    this.#barren = 0;
    this.#withItem = 0;
  }

  /**
   * @param kindWorks - Whether any worker of its kind has ever executed an item to its end.
   * @returns The wait before the worker is started again, in ms; `undefined`: it is given up.
   */
  died({ isUnstarted, hadItem, livedMs }: WorkerEnd, kindWorks: boolean): number | undefined {
    this.#deaths += 1;
    if (isUnstarted) {
      this.#unstarted += 1;
      return this.#unstarted >= START_ATTEMPTS ? undefined : waitAfter(this.#unstarted);
    }
    this.#unstarted = 0;
    if (this.#limit === 0) return undefined;
    if (hadItem) {
      this.#barren = 0;
      this.#withItem = kindWorks ? 0 : this.#withItem + 1;
      return this.#withItem > this.#limit * BENEFIT_OF_DOUBT ? undefined : RESTART_MS;
    }
    this.#barren = livedMs >= SETTLED_MS ? 1 : this.#barren + 1;
    return this.#barren > this.#limit ? undefined : waitAfter(this.#barren);
  }
}

function waitAfter(deaths: number): number {
  return Math.min(RESTART_MS * 2 ** (deaths - 1), MAX_RESTART_MS);
}
