import { isMain, SingleThreadedWorker } from "zmqpipeline";
import { blockFor } from "../support/block-for.ts";
import { CALCULATION, COLLECTOR, WORKER } from "./settings.ts";

class CalculationWorker extends SingleThreadedWorker<{ workload: number }> {
  readonly taskType = CALCULATION;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;

  handleExecution({ workload }: { workload: number }) {
    blockFor(workload);
  }
}

if (isMain(import.meta)) await new CalculationWorker().run({ signals: true });
