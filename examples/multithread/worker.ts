import { isMain, MultiThreadedWorker } from "zmqpipeline";
import { CALCULATION, COLLECTOR, WORKER } from "../singlethread/settings.ts";
import { blockFor } from "../support/block-for.ts";

export class CalculationThreads extends MultiThreadedWorker<{ workload: number }> {
  readonly module = import.meta.url;
  override readonly nThreads = 10;
  readonly taskType = CALCULATION;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;

  override handleThreadExecution({ workload }: { workload: number }) {
    blockFor(workload);
  }
}

if (isMain(import.meta)) await new CalculationThreads().run({ signals: true });
