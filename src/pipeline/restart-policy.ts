import type { WorkerEnd } from "./worker-process.ts";

/** Wait before a worker is started again, in ms; twice as long each time, for one that dies before it has worked. */
const RESTART_MS = 50;
export const MAX_RESTART_MS = 5000;

/** Before any worker of its kind has finished an item: deaths with an item are taken for the items' fault this many times as often. */
const BENEFIT_OF_DOUBT = 4;

/** A worker that lived longer than this, in ms, and had no item, did not die of its start. */
const SETTLED_MS = 10_000;

/** Starts that the system refuses, in a row, before a worker is given up: 13 s. */
const START_ATTEMPTS = 9;

/**
 * Whether a worker that died is started again, and after which wait. A worker that dies before it has an item dies of itself, and
 * may do so `limit` times in a row. One that dies with an item may have died of that: which item it was is found out by the
 * distributor, and is reported as failed. So such deaths do not count, as long as items can be worked on at all.
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

  /** How often the worker has died, or could not be started. */
  get deaths(): number {
    return this.#deaths;
  }

  /** It has executed an item to its end. */
  worked(): void {
    this.#barren = 0;
    this.#withItem = 0;
  }

  /**
   * @param kindWorks - Whether any worker of its kind has ever executed an item to its end.
   * @returns The wait in ms before it is started again; nothing: it is given up.
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
