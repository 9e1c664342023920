// run-distributor.ts ITEMS WORKERS THREADS BASELINE: prints how long the items took, beside a loop's time in ms.
import { Distributor } from "zmqpipeline";
import { CALCULATION, COLLECTOR, COLLECTOR_ACK, WORKLOAD_MS } from "./settings.ts";
import { CalculationTask } from "./tasks.ts";

const [items = 100, workers = 1, threads = 1, baseline = 0] = process.argv.slice(2).map(Number);

const distributor = new Distributor({
  collectorEndpoint: COLLECTOR,
  collectorAckEndpoint: COLLECTOR_ACK,
  minWorkers: workers, // the time that they take to start is not measured
});
distributor.registerTask(new CalculationTask(items));
const { pace, status } = await distributor.run({ signals: true });
if (status !== "complete") throw new Error(`The run was ${status}`);

const expected = (items * WORKLOAD_MS) / (workers * threads);
const taken = pace[CALCULATION.name]?.duration ?? Number.NaN; // from the first item's grant until the last item is settled
const overhead = (time: number, ideal: number) => `${((time / ideal - 1) * 100).toFixed(2)} %`;
const row = [
  String(items),
  String(workers),
  String(threads),
  `${(expected / 1000).toFixed(2)} s`,
  `${(taken / 1000).toFixed(3)} s`,
  overhead(taken, expected),
  overhead(baseline, items * WORKLOAD_MS),
];
console.log(row.map((cell) => cell.padStart(12)).join(""));
