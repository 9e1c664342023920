import { expect, test } from "vitest";
import { PaceMeter } from "../../src/distributor/pace-meter.ts";

/** Looks at the meter every 20 ms, as a distributor does. @param doneAt - Items settled at a time. */
function measured(meter: PaceMeter, from: number, to: number, doneAt: (ms: number) => number): void {
  for (let at = from; at <= to; at += 20) meter.look(at, Math.floor(doneAt(at)));
}

const TOTAL = 1000;
const paceAt = (meter: PaceMeter, at: number, done: number) => meter.pace(at, done, TOTAL - done);

test("The pace of a task before its first item, and before its first result", () => {
  const meter = new PaceMeter();
  const nothing = { duration: 0, rate: undefined, timeLeft: undefined, stalled: undefined };
  expect(meter.pace(5000, 0, TOTAL)).toEqual(nothing);
  meter.began(60_000);
  expect(meter.pace(60_500, 0, TOTAL)).toEqual({ ...nothing, duration: 500 });
});

test("The pace of a task counts from its own first item, and stands still at its end", () => {
  const meter = new PaceMeter();
  meter.began(60_000);
  measured(meter, 60_000, 62_000, (at) => (at - 60_000) / 20);
  expect(paceAt(meter, 62_000, 100)).toEqual({
    duration: 2000,
    rate: 50,
    timeLeft: 18_000,
    stalled: undefined,
  });
  meter.ended(62_000, 100);
  expect(meter.pace(90_000, 100, 0)).toEqual({
    duration: 2000,
    rate: 50,
    timeLeft: undefined,
    stalled: undefined,
  });
});

test("The pace follows a task that becomes faster or slower", () => {
  const meter = new PaceMeter();
  meter.began(0);
  // 10 a second for 20 s, then 100 a second.
  const faster = (at: number) => (at < 20_000 ? at / 100 : 200 + (at - 20_000) / 10);
  measured(meter, 0, 26_000, faster);
  expect(paceAt(meter, 26_000, 800).rate).toBeCloseTo(100, -1);
  expect(paceAt(meter, 26_000, 800).timeLeft).toBeCloseTo(2000, -3);
});

test("A hung item spoils neither rate nor time left, until nothing else is settled", () => {
  const meter = new PaceMeter();
  meter.began(0);
  measured(meter, 0, 99_900, (at) => at / 100);
  // The last item hangs.
  expect(paceAt(meter, 100_000, 999).timeLeft).toBeLessThan(200);
  measured(meter, 100_000, 102_000, () => 999);
  expect(paceAt(meter, 102_000, 999).timeLeft).toBe(0);
  measured(meter, 102_000, 160_000, () => 999);
  const { rate, timeLeft, stalled } = paceAt(meter, 160_000, 999);
  expect(rate).toBe(0);
  expect(timeLeft).toBeUndefined();
  expect(stalled).toBeCloseTo(60_100, -3);
  // It ends after all.
  meter.look(170_000, 1000);
  expect(paceAt(meter, 170_000, 1000).stalled).toBeUndefined();
});

test("Items that take long are no stall, and their rate is that of all", () => {
  const meter = new PaceMeter();
  meter.began(0);
  // An item a minute.
  measured(meter, 0, 300_000, (at) => at / 60_000);
  const { rate, timeLeft, stalled } = meter.pace(330_000, 5, 5);
  expect(stalled).toBeUndefined();
  expect(rate).toBeCloseTo(5 / 330, 3);
  expect(timeLeft).toBeCloseTo(270_000, -4);
});

test("The rate after hours is that of late, although few counts are kept", () => {
  const meter = new PaceMeter();
  meter.began(0);
  const hour = 3_600_000;
  // 1000 a second for two hours, then one in ten seconds.
  const done = (at: number) => (at < 2 * hour ? at : 2 * hour + (at - 2 * hour) / 10_000);
  for (let at = 0; at <= 2 * hour + 300_000; at += 500) meter.look(at, Math.floor(done(at)));
  const at = 2 * hour + 300_000;
  expect(meter.pace(at, Math.floor(done(at)), 10).rate).toBeCloseTo(0.1, 1);
  expect(meter.pace(at, Math.floor(done(at)), 10).timeLeft).toBeCloseTo(100_000, -5);
});

test("The pace tells no time left from the first items alone", () => {
  const meter = new PaceMeter();
  meter.began(0);
  measured(meter, 0, 100, (at) => at / 100);
  expect(paceAt(meter, 100, 1)).toMatchObject({ rate: 10, timeLeft: undefined });
});
