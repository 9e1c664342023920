import { Distributor } from "zmqpipeline";
import { showProgress } from "./progress.ts";
import { COLLECTOR, COLLECTOR_ACK } from "./settings.ts";
import { CountTask, MergeTask } from "./tasks.ts";

const [folder = ".", workers = "1"] = process.argv.slice(2);

const distributor = new Distributor({
  collectorEndpoint: COLLECTOR,
  collectorAckEndpoint: COLLECTOR_ACK,
  minWorkers: Number(workers),
});
distributor.registerTask(new CountTask(folder));
distributor.registerTask(MergeTask);

const stopProgress = showProgress(() => distributor.progress);
const summary = await distributor.run();
stopProgress();

const { count, merge } = summary.tasks;
console.error(
  `Done in ${(summary.duration / 1000).toFixed(1)} s: ${count?.acked} files counted, ${merge?.acked} ranges merged, ` +
    `${(count?.failed ?? 0) + (merge?.failed ?? 0)} failed`,
);
