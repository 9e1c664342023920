// worker.ts: executes items that say how long to block, in ms.
import { SingleThreadedWorker } from "zmqpipeline";
import { BENCH, COLLECTOR, WORKER } from "./settings.ts";

const cell = new Int32Array(new SharedArrayBuffer(4));

class BenchWorker extends SingleThreadedWorker<{ sleep?: number }> {
  readonly taskType = BENCH;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;

  handleExecution({ sleep = 0 }: { sleep?: number }) {
    if (sleep > 0) Atomics.wait(cell, 0, 0, sleep);
  }
}

await new BenchWorker().run();
