// sleeps-distributor.ts WORKERS SLEEP...: produces an item for each SLEEP, which blocks for SLEEP ms. Prints the time from the first
// item to the last ACK, in ms.
import { Distributor, Task } from "zmqpipeline";
import { BENCH, COLLECTOR, COLLECTOR_ACK, WORKER } from "./settings.ts";

const [workers = 1, ...sleeps] = process.argv.slice(2).map(Number);

class Sleeps extends Task<{ sleep: number }> {
  readonly taskType = BENCH;
  readonly endpoint = WORKER;
  startedAt = 0;
  override *items() {
    this.startedAt = performance.now();
    for (const sleep of sleeps) yield { sleep };
  }
}

const distributor = new Distributor({
  collectorEndpoint: COLLECTOR,
  collectorAckEndpoint: COLLECTOR_ACK,
  minWorkers: workers,
});
const task = new Sleeps();
distributor.registerTask(task);
await distributor.run();
console.log(JSON.stringify({ ms: performance.now() - task.startedAt }));
