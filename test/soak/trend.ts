import { readFileSync } from "node:fs";
import type { Sample } from "../support/sample-self.ts";

/** What a process's samples say about its last two thirds. */
export interface Trend {
  /** Means, in MiB. */
  readonly rssMiB: number;
  readonly liveMiB: number;
  /** Rise of a line through the values, in percent of their mean for each hour. */
  readonly rssPercentPerHour: number;
  readonly livePercentPerHour: number;
  readonly descriptorsPercentPerHour: number;
  readonly mostDescriptors: number;
  readonly longestStallMs: number;
}

/** The samples that a process has written. */
export function samplesIn(file: string): Sample[] {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Sample);
}

export function trendOf(samples: readonly Sample[]): Trend {
  const late = samples.slice(Math.floor(samples.length / 3));
  const points = (value: (sample: Sample) => number | undefined): Point[] =>
    late.flatMap((sample) => {
      const y = value(sample);
      return y === undefined ? [] : [{ x: sample.seconds / 3600, y }];
    });
  const [rss, live] = [points((sample) => sample.rss), points((sample) => sample.live)];
  return {
    rssMiB: mean(rss) / 2 ** 20,
    liveMiB: mean(live) / 2 ** 20,
    rssPercentPerHour: risePercent(rss),
    livePercentPerHour: risePercent(live),
    descriptorsPercentPerHour: risePercent(points((sample) => sample.descriptors)),
    mostDescriptors: Math.max(...late.map(({ descriptors }) => descriptors)),
    longestStallMs: Math.max(...late.map(({ stallMs }) => stallMs)),
  };
}

/** Means of the live memory in the second and in the last third of the samples, in MiB. */
export function laterThirds(samples: readonly Sample[]): readonly [number, number] {
  const third = Math.floor(samples.length / 3);
  const meanOf = (part: readonly Sample[]) => {
    const live = part.flatMap((sample) => (sample.live === undefined ? [] : [{ x: 0, y: sample.live }]));
    return mean(live) / 2 ** 20;
  };
  return [meanOf(samples.slice(third, 2 * third)), meanOf(samples.slice(2 * third))];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function mean(points: readonly Point[]): number {
  return points.reduce((sum, { y }) => sum + y, 0) / points.length;
}

/** The slope of the line of least squares, in percent of the mean. */
function risePercent(points: readonly Point[]): number {
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = mean(points);
  let above = 0;
  let below = 0;
  for (const { x, y } of points) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  return (above / below / meanY) * 100;
}
