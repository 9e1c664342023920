import { median } from "./report.ts";
import { sideBySide } from "./rounds.ts";

/** Runs a number of items, and says how long it took, in ms. */
export interface Contestant {
  readonly items: number;
  run(): Promise<number>;
}

/** What was measured of a contestant: its runs in ms, and the items per second of the median one. */
export type Rated<C extends Contestant> = Omit<C, "run"> & {
  readonly ms: readonly number[];
  readonly itemsPerSecond: number;
};

/** Measures how many items per second each contestant does, all of them in each round. */
export async function rates<C extends Contestant>(
  rounds: number,
  contestants: readonly C[],
): Promise<Rated<C>[]> {
  const times = await sideBySide(
    rounds,
    contestants.map((contestant) => () => contestant.run()),
  );
  return contestants.map(({ run: _, ...contestant }, index) => {
    const ms = times[index] ?? [];
    return { ...contestant, ms, itemsPerSecond: (contestant.items / median(ms)) * 1000 };
  });
}
