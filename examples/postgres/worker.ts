import { isMain, SingleThreadedWorker } from "zmqpipeline";
import { blockFor } from "../support/block-for.ts";
import { COLLECTOR, SQUARE, WORKER } from "./settings.ts";

class Squarer extends SingleThreadedWorker<{ n: number }> {
  readonly taskType = SQUARE;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;

  handleExecution({ n }: { n: number }) {
    blockFor(3);
    if (n === 13) throw new RangeError("13 is unlucky");
    return { n, square: BigInt(n) ** 2n, at: new Date() };
  }
}

if (isMain(import.meta)) await new Squarer().run({ signals: true });
