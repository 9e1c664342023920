// The baseline: the same work in one loop, without any distribution.
import { isMain } from "zmqpipeline";
import { blockFor } from "../support/sleep.ts";

const WORKLOAD = 10;

/** Works through so many items of 10 ms and returns the time it took, in ms. */
export function runSequentially(items: number): number {
  const start = performance.now();
  for (let i = 0; i < items; i++) blockFor(WORKLOAD);
  return performance.now() - start;
}

if (isMain(import.meta)) {
  for (const items of process.argv[2] === undefined ? [100, 1000, 5000] : [Number(process.argv[2])]) {
    const expected = (items * WORKLOAD) / 1000;
    const taken = runSequentially(items) / 1000;
    const overhead = (taken / expected - 1) * 100;
    console.log(
      `${items} items: expected ${expected.toFixed(2)} s, took ${taken.toFixed(3)} s, overhead ${overhead.toFixed(2)} %`,
    );
  }
}
