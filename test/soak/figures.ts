import { loadavg } from "node:os";
import { savedResults, saveResults } from "../../benchmarks/support/report.ts";
import type { Sample } from "../support/sample-self.ts";
import { isRest, type Trend } from "./trend.ts";

const MIB = 2 ** 20;

/** `npm run test:soak` sets it; a minute is too short for a verdict on memory, and shows that the rig works. */
export const MINUTES = Number(process.env.SOAK_MINUTES ?? 0);

/** Rounds for people. */
export const mib = (bytes: number): number => Number((bytes / MIB).toFixed(2));

/** A trend in the units in which it is read. */
export function figuresOf({ live, rss, descriptors, mostDescriptors, longestStallMs, rests }: Trend) {
  return {
    liveMiB: mib(live.level),
    livePercentPerHour: Number(live.percentPerHour.toFixed(1)),
    rssMiB: mib(rss.level),
    rssPercentPerHour: Number(rss.percentPerHour.toFixed(1)),
    descriptorsPercentPerHour: Number(descriptors.percentPerHour.toFixed(1)),
    mostDescriptors,
    longestStallMs: Math.round(longestStallMs),
    rests,
  };
}

/** Each moment at which nothing was in flight, with the longest stall since the one before. */
export function restsOf(samples: readonly Sample[]) {
  let stallMs = 0;
  return samples.flatMap((sample) => {
    stallMs = Math.max(stallMs, sample.stallMs);
    if (!isRest(sample)) return [];
    const { seconds, live, rss, descriptors } = sample;
    const row = [Math.round(seconds), mib(live), mib(rss), descriptors, Math.round(stallMs)];
    stallMs = 0;
    return [row];
  });
}

/** The columns of {@link restsOf}. */
const COLUMNS = ["seconds", "liveMiB", "rssMiB", "descriptors", "longestStallMs"];

interface SoakResults {
  readonly columnsOfRests: readonly string[];
  readonly parts: Readonly<Record<string, object>>;
}

/** Keeps the figures of one part of a whole soak in `benchmarks/results/soak.json`; those of the other parts stay. */
export function keepFigures(part: string, figures: object): void {
  if (MINUTES < 30) return;
  const earlier = (savedResults("soak") as SoakResults | undefined)?.parts ?? {};
  const dated = { date: new Date().toISOString(), loadAverages: loadavg().map(Math.round), ...figures };
  const results: SoakResults = { columnsOfRests: COLUMNS, parts: { ...earlier, [part]: dated } };
  saveResults("soak", results, "npm run test:soak");
}
