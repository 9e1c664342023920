// threads-worker.ts THREADS: executes items in THREADS threads. An item says how long to block, in ms, or how many steps to compute.
import { isMain, MultiThreadedWorker } from "zmqpipeline";
import { blockFor } from "../../examples/support/block-for.ts";
import { compute } from "./compute.mjs";
import { BENCH, COLLECTOR, WORKER } from "./settings.ts";

export class BenchThreads extends MultiThreadedWorker<{ sleep?: number; steps?: number }> {
  readonly module = import.meta.url;
  override readonly nThreads = Number(process.argv[2]);
  readonly taskType = BENCH;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;

  override handleThreadExecution(item: { sleep?: number; steps?: number }) {
    if (item.sleep !== undefined) blockFor(item.sleep);
    if (item.steps !== undefined) compute(item.steps);
  }
}

if (isMain(import.meta)) await new BenchThreads().run();
