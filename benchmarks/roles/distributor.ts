// distributor.ts ITEMS WORKERS SLEEP STEPS [JOURNAL DURABILITY]: prints the time from the first item produced to the last one ACKed, in ms,
// the processor time meanwhile in µs, and the peak of memory in bytes. BENCH_TRUST is whose results are taken.
import { Distributor, type Durability, Task } from "zmqpipeline";
import { BENCH, COLLECTOR, COLLECTOR_ACK, WORKER } from "./settings.ts";

if (process.env.BENCH_OTEL !== undefined) await import("./telemetry.ts");

const [items = 1, workers = 1, sleep = 0, steps = 0] = process.argv.slice(2, 6).map(Number);
const [path, durability] = process.argv.slice(6) as [string?, Durability?];

const trust = process.env.BENCH_TRUST as "any" | "assigned" | undefined;

const item = { ...(sleep > 0 ? { sleep } : {}), ...(steps > 0 ? { steps } : {}) };

class BenchTask extends Task<{ sleep?: number; steps?: number }> {
  readonly taskType = BENCH;
  readonly endpoint = WORKER;
  #count = 0;
  startedAt = 0;
  startedCpu = process.cpuUsage();

  override handle() {
    if (this.#count === 0) {
      this.startedAt = performance.now();
      this.startedCpu = process.cpuUsage();
    }
    if (++this.#count >= items) this.isComplete = true;
    return item;
  }
}

const distributor = new Distributor({
  collectorEndpoint: COLLECTOR,
  collectorAckEndpoint: COLLECTOR_ACK,
  minWorkers: workers,
  ...(trust === undefined ? {} : { trust }),
  ...(path === undefined || durability === undefined ? {} : { journal: { path, durability } }),
});
const task = new BenchTask();
distributor.registerTask(task);
const summary = await distributor.run();
if (summary.tasks.bench?.acked !== items) throw new Error("Items are missing");
const ms = performance.now() - task.startedAt;
const { user, system } = process.cpuUsage(task.startedCpu);
const rss = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ ms, cpu: user + system, rss }));
