import { isMain, SingleThreadedWorker } from "zmqpipeline";
import { COLLECTOR, SECOND, SECOND_WORKER } from "./settings.ts";

class SecondWorker extends SingleThreadedWorker<{ n: number }> {
  readonly taskType = SECOND;
  readonly endpoint = SECOND_WORKER;
  readonly collectorEndpoint = COLLECTOR;
  #started = false;

  handleExecution({ n }: { n: number }) {
    if (!this.#started) console.log("second worker starts");
    this.#started = true;
    return { cube: n * n * n };
  }
}

if (isMain(import.meta)) await new SecondWorker().run({ signals: true });
