import { expect, test } from "vitest";
import { Slices } from "../../src/role/slices.ts";

const busy = (ms: number) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

test("Slices run tasks in order, and leave turns to the event loop between them", async () => {
  const slices = new Slices();
  const done: number[] = [];
  let turns = 0;
  const all = new Promise<void>((resolve) => {
    for (let task = 0; task < 20; task++)
      slices.run(() => {
        busy(4);
        done.push(task);
        if (task === 19) resolve();
      });
  });
  expect(done.length).toBeLessThan(20);
  const count = () => {
    turns += 1;
    if (done.length < 20) setImmediate(count);
  };
  setImmediate(count);
  await all;
  expect(done).toEqual(Array.from({ length: 20 }, (_, task) => task));
  expect(turns).toBeGreaterThan(3);
});

test("Slices run a task at once where there is time", () => {
  let isDone = false;
  new Slices().run(() => {
    isDone = true;
  });
  expect(isDone).toBe(true);
});
