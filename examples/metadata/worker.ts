import { isMain, type Payload, SingleThreadedWorker } from "zmqpipeline";
import { COLLECTOR, type Parameters, SCALE, WORKER } from "./settings.ts";

class ScaleWorker extends SingleThreadedWorker<{ n: number }, Payload, Parameters> {
  readonly taskType = SCALE;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;

  override initWorker() {
    console.log(`worker: factor ${this.metadata.factor}`);
  }

  handleExecution({ n }: { n: number }) {
    return { scaled: n * this.metadata.factor };
  }
}

if (isMain(import.meta)) await new ScaleWorker().run({ signals: true });
