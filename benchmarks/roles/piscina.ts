// piscina.ts ITEMS THREADS STEPS: calls piscina's run() for each item, and prints the time in ms. Its threads are started before.
import { Piscina } from "piscina";

const [items = 1, threads = 1, steps = 0] = process.argv.slice(2).map(Number);

/** Calls under way at a time: enough to keep all threads busy, as a careful user would. */
const IN_FLIGHT = 1024;

const pool = new Piscina({
  filename: new URL("./compute.mjs", import.meta.url).href,
  minThreads: threads,
  maxThreads: threads,
});
const item = steps > 0 ? { steps } : {};
await Promise.all(Array.from({ length: 4 * threads }, () => pool.run(item))); // the threads compile their code
let next = 0;
const startedAt = performance.now();
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    while (next < items) {
      next += 1;
      await pool.run(item);
    }
  }),
);
console.log(JSON.stringify({ ms: performance.now() - startedAt }));
await pool.destroy();
