import { expect, test } from "vitest";
import type { Execution } from "../../src/core/execution.ts";
import { InlineExecutor } from "../../src/executor/inline-executor.ts";
import { encodePayload } from "../../src/protocol/payload/payload.ts";
import { TaskType } from "../../src/protocol/task-type.ts";

const TASK = TaskType.register("inline");

/** An executor with its items under way, and the items that it reports together. */
function start(slots: number, items: readonly object[], handler: (data: { ms?: number }) => Promise<object>) {
  const groups: number[][] = [[]];
  const executor = new InlineExecutor((data) => handler(data as { ms?: number }), TASK, slots);
  const all = new Promise<void>((resolve) => {
    executor.open({
      finished: ({ seq }, { ok }, _busyMs, more) => {
        expect(ok).toBe(true);
        groups.at(-1)?.push(seq);
        if (!more) groups.push([]);
        if (groups.flat().length === items.length) resolve();
      },
      upcoming: () => undefined,
      room: () => {},
      waits: () => {},
      failed: (error) => expect.fail(error.message),
      note: () => {},
      hint: () => {},
    });
  });
  items.forEach((data, seq) => {
    const payload = encodePayload(data, "item");
    const execution: Execution = { sourceId: "run", seq, attempt: 1, solo: false, context: "", payload };
    expect(executor.execute(execution)).toBeUndefined();
  });
  return { executor, groups, all };
}

test("Results of async handlers that end in one turn of the event loop are reported together", async () => {
  const items = [...new Array(50).fill({}), ...new Array(50).fill({ ms: 30 })] as object[];
  const { executor, groups, all } = start(100, items, async ({ ms }) => {
    if (ms !== undefined) await new Promise((resolve) => setTimeout(resolve, ms));
    return {};
  });
  expect(executor.hasRoom()).toBe(false);
  await all;
  expect(groups[0]).toEqual(Array.from({ length: 50 }, (_, seq) => seq));
  expect(groups.length).toBeLessThan(10); // timers may fire in a few turns, and there is the empty group at the end
  expect(executor.hasRoom()).toBe(true);
});

test("The result of the last async handler that runs is reported without a turn of the event loop", async () => {
  const { groups, all } = start(1, [{}], async () => ({}));
  let turns = 0;
  setImmediate(() => {
    turns += 1;
  });
  await all;
  expect([groups, turns]).toEqual([[[0], []], 0]);
});
