// run-distributor.ts ITEMS WORKERS THREADS BASELINE: prints how long the items took, beside a loop's time in ms.
import { Distributor } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK, WORKLOAD_MS } from "./settings.ts";
import { CalculationTask } from "./tasks.ts";

const [items = 100, workers = 1, threads = 1, baseline = 0] = process.argv.slice(2).map(Number);

const distributor = new Distributor({
  collectorEndpoint: COLLECTOR,
  collectorAckEndpoint: COLLECTOR_ACK,
  minWorkers: workers, // the time that they take to start is not measured
});
const task = new CalculationTask(items);
distributor.registerTask(task);
await distributor.run({ signals: true });

const expected = (items * WORKLOAD_MS) / (workers * threads);
const taken = performance.now() - task.startedAt;
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
