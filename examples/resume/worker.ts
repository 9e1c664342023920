import { isMain, SingleThreadedWorker } from "zmqpipeline";
import { blockFor } from "../support/block-for.ts";
import { COLLECTOR, SQUARE, WORKER } from "./settings.ts";

class Squarer extends SingleThreadedWorker<{ n: number }> {
  readonly taskType = SQUARE;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;

  handleExecution({ n }: { n: number }) {
    blockFor(3);
    return { n, square: n * n };
  }
}

if (isMain(import.meta))
  console.log(`a worker executed ${(await new Squarer().run({ signals: true })).executed} items`);
