// The baseline: the work of `singlethread` and `multithread` in one loop, without any distribution.
// Usage: main.ts [items]
import { isMain } from "zmqpipeline";
import { blockFor } from "../support/block-for.ts";

const WORKLOAD_MS = 10;

/** Works through `items` items of 10 ms each, and returns the time in ms. */
export function runSequentially(items: number): number {
  const start = performance.now();
  for (let i = 0; i < items; i++) blockFor(WORKLOAD_MS);
  return performance.now() - start;
}

if (isMain(import.meta)) {
  for (const items of process.argv[2] === undefined ? [100, 1000, 5000] : [Number(process.argv[2])]) {
    const expected = (items * WORKLOAD_MS) / 1000;
    const taken = runSequentially(items) / 1000;
    const overhead = (taken / expected - 1) * 100;
    console.log(
      `${items} items: expected ${expected.toFixed(2)} s, took ${taken.toFixed(3)} s, overhead ${overhead.toFixed(2)} %`,
    );
  }
}
