import { describe, expect, test } from "vitest";
import { WaitGauge } from "../../src/executor/wait-gauge.ts";

/** Executions one after the other; `active` is the share of their time in which the event loop works. @returns When the gauge reported, in ms. */
function reports(count: number, ms: number, options: { active?: number; gap?: number; isWaiting?: boolean }) {
  const { active = 0, gap = 0, isWaiting = true } = options;
  let now = 1000;
  const gauge = new WaitGauge(() => now * active);
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    now += ms;
    if (gauge.ended(now, ms, isWaiting)) found.push(now - 1000);
    now += gap;
  }
  return found;
}

describe("A WaitGauge", () => {
  test("reports a handler that awaits while other items wait, in each second anew", () => {
    expect(reports(50, 50, {})).toEqual([1000, 2000]);
    expect(reports(39, 50, { active: 0.3 })).toHaveLength(1);
  });

  test("wants three executions, however long they are", () => {
    expect(reports(2, 5000, {})).toEqual([]);
    expect(reports(3, 5000, {})).toEqual([15_000]);
  });

  test("reports no handler that computes, no worker that waits for items, and no items without others behind them", () => {
    expect(reports(100, 50, { active: 0.9 })).toEqual([]);
    expect(reports(100, 50, { gap: 50 })).toEqual([]);
    expect(reports(100, 50, { isWaiting: false })).toEqual([]);
  });
});
