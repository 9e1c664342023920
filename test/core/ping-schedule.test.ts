import { describe, expect, test } from "vitest";
import { PingSchedule } from "../../src/core/ping-schedule.ts";

/** Runs a schedule for a while. @returns When the rounds of pings were, in ms. */
function roundsOf(peers: number, forMs: number, endsAt: (now: number) => boolean): number[] {
  const schedule = new PingSchedule();
  const rounds: number[] = [];
  for (let now = 0; now < forMs; now += 20) {
    if (endsAt(now)) schedule.probe(now);
    if (!schedule.isDue(now)) continue;
    schedule.pinged(now, peers);
    rounds.push(now);
  }
  return rounds;
}

describe("A PingSchedule", () => {
  test("has a round of pings a second", () => {
    expect(roundsOf(10, 3000, () => false)).toEqual([0, 1000, 2000]);
  });

  test("has four rounds soon after a connection has ended", () => {
    expect(roundsOf(10, 2000, (now) => now === 500)).toEqual([0, 500, 540, 580, 620, 1620]);
  });

  test.each([1, 100, 300, 1000, 4096, 100_000])(
    "sends %i peers at most 2,000 pings a second, or one a second to each, while connections end all the time",
    (peers) => {
      const seconds = 10;
      const rounds = roundsOf(peers, seconds * 1000, () => true);
      expect(rounds.length * peers).toBeLessThanOrEqual(Math.max(2000, peers) * seconds + peers);
      expect(rounds.length).toBeGreaterThanOrEqual(seconds);
    },
  );
});
