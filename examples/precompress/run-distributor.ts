// run-distributor.ts FOLDER THREADS BASELINE: prints how long the files took, beside a loop's time in ms.
import { Distributor } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK } from "./settings.ts";
import { CompressTask } from "./tasks.ts";

const [folder = ".", threads = "1", baseline = "0"] = process.argv.slice(2);

const distributor = new Distributor({ collectorEndpoint: COLLECTOR, collectorAckEndpoint: COLLECTOR_ACK });
const task = new CompressTask(folder);
distributor.registerTask(task);
const summary = await distributor.run({ signals: true });

const taken = performance.now() - task.startedAt;
const row = [
  `${threads} threads`,
  String(summary.tasks.compress?.acked),
  `${(taken / 1000).toFixed(2)} s`,
  `${(Number(baseline) / taken).toFixed(2)} x`,
];
console.log(row.map((cell) => cell.padStart(12)).join(""));
