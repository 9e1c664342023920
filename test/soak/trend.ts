import { existsSync, readFileSync } from "node:fs";
import type { Sample } from "../support/sample-self.ts";

/** A line through values of a process over time. */
interface Line {
  /** Median of the values. */
  readonly level: number;
  /** Rise of the line, in percent of the median for each hour. */
  readonly percentPerHour: number;
}

/** What a process's samples say about its last two thirds. */
export interface Trend {
  /** In bytes, while nothing is in flight. */
  readonly live: Line;
  /** In bytes, at the same moments. */
  readonly rss: Line;
  readonly descriptors: Line;
  readonly mostDescriptors: number;
  readonly longestStallMs: number;
  /** How often nothing was in flight. */
  readonly rests: number;
}

/** The samples that a process has written. */
export function samplesIn(file: string): Sample[] {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Sample);
}

/** The samples that a process has written while it had nothing in flight. */
export function restsIn(file: string): RestSample[] {
  return existsSync(file) ? samplesIn(file).filter(isRest) : [];
}

export function trendOf(samples: readonly Sample[]): Trend {
  const late = samples.slice(Math.floor(samples.length / 3));
  const rests = late.filter(isRest);
  return {
    live: lineThrough(rests, (sample) => sample.live),
    rss: lineThrough(rests, ({ rss }) => rss),
    descriptors: lineThrough(rests, ({ descriptors }) => descriptors),
    mostDescriptors: Math.max(...late.map(({ descriptors }) => descriptors)),
    longestStallMs: Math.max(...late.map(({ stallMs }) => stallMs)),
    rests: rests.length,
  };
}

/** Medians of the memory at the rests in the second and in the last third of the samples, in bytes. */
export function laterThirds(samples: readonly Sample[]): readonly [Memory, Memory] {
  const third = Math.floor(samples.length / 3);
  const levels = (part: readonly Sample[]) => {
    const rests = part.filter(isRest);
    return { live: median(rests.map(({ live }) => live)), rss: median(rests.map(({ rss }) => rss)) };
  };
  return [levels(samples.slice(third, 2 * third)), levels(samples.slice(2 * third))];
}

type Memory = Required<Pick<Sample, "live" | "rss">>;

type RestSample = Sample & Required<Pick<Sample, "live">>;

export function isRest(sample: Sample): sample is RestSample {
  return sample.live !== undefined;
}

/**
 * The median of the slopes between all pairs of values (Theil and Sen). Memory that V8 takes or gives back once, such as code that it compiles
 * or forgets, is a step that would tilt a line of least squares, and hardly tilts this one; what rises all the time is between every pair.
 */
function lineThrough(samples: readonly RestSample[], valueAt: (sample: RestSample) => number): Line {
  const level = median(samples.map(valueAt));
  const slopes = samples.flatMap((from, index) =>
    samples.slice(index + 1).map((to) => (valueAt(to) - valueAt(from)) / (to.seconds - from.seconds)),
  );
  return { level, percentPerHour: ((median(slopes) * 3600) / level) * 100 };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
