import { isMain, SingleThreadedWorker } from "zmqpipeline";
import { COLLECTOR, FIRST, FIRST_WORKER } from "./settings.ts";

class FirstWorker extends SingleThreadedWorker<{ n: number }> {
  readonly taskType = FIRST;
  readonly endpoint = FIRST_WORKER;
  readonly collectorEndpoint = COLLECTOR;

  handleExecution({ n }: { n: number }) {
    return { square: n * n };
  }
}

if (isMain(import.meta)) await new FirstWorker().run({ signals: true });
