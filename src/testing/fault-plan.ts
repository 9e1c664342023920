import type { FaultRates } from "./fault-rates.ts";
import type { Random } from "./simulator/random.ts";

/** How often a fault of one kind is aimed at one item. */
const MOST: Partial<Record<keyof FaultRates, number>> = { expire: 1 };
const MOST_OF_OTHERS = 3;

/** Draws which faults happen. */
export class FaultPlan {
  /** How often each kind has happened. */
  readonly counts: Partial<Record<keyof FaultRates, number>> = {};
  readonly #rates: FaultRates;
  readonly #random: Random;
  readonly #aimed = new Map<string, number>();

  constructor(rates: FaultRates, random: Random) {
    this.#rates = rates;
    this.#random = random;
  }

  /** Draws whether a fault happens now. @param item - The item at which it is aimed. */
  happens(fault: keyof FaultRates, item: string): boolean {
    const rate = this.#rates[fault] ?? 0;
    if (rate === 0 || !this.#random.chance(rate)) return false;
    const key = `${fault} ${item}`;
    const times = this.#aimed.get(key) ?? 0;
    if (times === (MOST[fault] ?? MOST_OF_OTHERS)) return false;
    this.#aimed.set(key, times + 1);
    this.counts[fault] = (this.counts[fault] ?? 0) + 1;
    return true;
  }
}
