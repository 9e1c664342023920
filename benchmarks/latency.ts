// How long does an item take from the moment when it is produced until its result is collected? With one worker that is busy half of
// the time.
import { calibrate } from "./roles/compute.mjs";
import { measureAll } from "./support/children.ts";
import { printTable, quantile, saveResults } from "./support/report.ts";
import { option } from "./support/rounds.ts";

const SECONDS = option("seconds", 10, 1);
const LOAD = 0.5;

const perMs = calibrate();
const results = [];
/** Durations of an item, in ms. */
for (const duration of [0.1, 1, 10]) {
  const every = duration / LOAD;
  const items = Math.ceil((SECONDS * 1000) / every);
  const [latencies = []] = await measureAll<number[]>([
    ["latency.ts", "collector", items],
    ["latency.ts", "worker"],
    ["latency.ts", "distributor", items, every, Math.round(perMs * duration)],
  ]);
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => quantile(latencies, share));
  results.push({ duration, items, p50, p90, p99 });
}
const ms = (value = Number.NaN) => `${value.toFixed(2)} ms`;
printTable(
  ["items of", "p50", "p90", "p99"],
  results.map(({ duration, p50, p90, p99 }) => [`${duration} ms`, ms(p50), ms(p90), ms(p99)]),
);
saveResults("latency", results);
