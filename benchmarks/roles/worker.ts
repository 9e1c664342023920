// worker.ts: executes items that say how long to block, in ms.
import { SingleThreadedWorker } from "zmqpipeline";
import { blockFor } from "../../examples/support/sleep.ts";
import { BENCH, COLLECTOR, WORKER } from "./settings.ts";

class BenchWorker extends SingleThreadedWorker<{ sleep?: number }> {
  readonly taskType = BENCH;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;

  handleExecution({ sleep = 0 }: { sleep?: number }) {
    if (sleep > 0) blockFor(sleep);
  }
}

await new BenchWorker().run();
