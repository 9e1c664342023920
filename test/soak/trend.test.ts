import { describe, expect, test } from "vitest";
import { Random } from "../../src/testing/simulator/random.ts";
import type { Sample } from "../support/sample-self.ts";
import { laterThirds, trendOf } from "./trend.ts";

const MIB = 2 ** 20;
const RSS = 130 * MIB;
const LIVE = 12.9 * MIB;

/** What a distributor's memory at rest was measured to vary by. */
const NOISE = 0.012;

interface Course {
  readonly seed: number;
  /** What leaks, in percent of the memory for each hour. */
  readonly leak: number;
  /** Memory that V8 takes once, in parts of the memory, and when. */
  readonly step?: { readonly by: number; readonly atSecond: number };
  readonly seconds?: number;
}

/** The samples of half an hour: one each second, and each 15 seconds one at rest. Memory grows while the process is warmed up. */
function samplesOf({ seed, leak, step, seconds = 1800 }: Course): Sample[] {
  const random = new Random(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Array.from({ length: seconds }, (_, second) => {
    const leaked = (leak / 100) * (second / 3600);
    const stepped = step !== undefined && second >= step.atSecond ? step.by : 0;
    const cold = -0.3 * Math.exp(-second / 60);
    const noisy = (bytes: number) => bytes * (1 + leaked + stepped + cold + NOISE * normal());
    return {
      seconds: second,
      ...(second % 15 === 14 ? { rss: noisy(RSS), live: noisy(LIVE) } : { rss: RSS }),
      descriptors: 40 + Math.round(random.next() * 4),
      stallMs: random.next() * 50,
    };
  });
}

const SEEDS = Array.from({ length: 12 }, (_, seed) => seed);

/** The rises that are found in runs of all seeds, in percent an hour. */
const rises = (course: Omit<Course, "seed">) =>
  SEEDS.map((seed) => trendOf(samplesOf({ ...course, seed }))).map(({ live, rss }) => ({
    live: live.percentPerHour,
    rss: rss.percentPerHour,
  }));

describe("A trend of half an hour", () => {
  test("rises by less than 5 % an hour where nothing leaks", () => {
    for (const { live, rss } of rises({ leak: 0 })) {
      expect(live).toBeLessThan(5);
      expect(rss).toBeLessThan(5);
    }
  });

  test("rises by more than 5 % an hour where 10 % an hour leak", () => {
    for (const { live, rss } of rises({ leak: 10 })) {
      expect(live).toBeGreaterThan(5);
      expect(rss).toBeGreaterThan(5);
    }
  });

  test.each([700, 1650])("does not take memory that is taken once, after %i s, for a leak", (atSecond) => {
    for (const { live } of rises({ leak: 0, step: { by: 0.01, atSecond } })) expect(live).toBeLessThan(5);
  });

  test("has the level, the most descriptors and the longest stall of its last two thirds", () => {
    const samples = samplesOf({ seed: 1, leak: 0 });
    const [first, ...others] = samples;
    const late = { seconds: 1800, rss: RSS, descriptors: 99, stallMs: 1234 };
    const odd = { ...late, ...first, descriptors: 5000, stallMs: 90_000 };
    const trend = trendOf([odd, ...others, late]);
    expect(trend.live.level / LIVE).toBeCloseTo(1, 2);
    expect(trend).toMatchObject({ mostDescriptors: 99, longestStallMs: 1234, rests: 80 });
  });

  test("counts as unknown where the process was never at rest", () => {
    const samples = samplesOf({ seed: 1, leak: 0 }).map(({ live: _, ...sample }) => sample);
    expect(trendOf(samples)).toMatchObject({ rests: 0, live: { percentPerHour: Number.NaN } });
  });
});

test("The later thirds of ten minutes differ by what leaks", () => {
  for (const seed of SEEDS) {
    const [before, after] = laterThirds(samplesOf({ seed, leak: 0, seconds: 600 }));
    expect(after.live / before.live).toBeLessThan(1.05);
    const [less, more] = laterThirds(samplesOf({ seed, leak: 200, seconds: 600 }));
    expect(more.live / less.live).toBeGreaterThan(1.05);
    expect(more.rss / less.rss).toBeGreaterThan(1.05);
  }
});
