import { Collector, isMain, type TaskType } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK, FIRST } from "./settings.ts";

interface Result {
  readonly square?: number;
  readonly cube?: number;
}

class SumCollector extends Collector<Result> {
  readonly endpoint = COLLECTOR;
  readonly ackEndpoint = COLLECTOR_ACK;
  #squares = 0;
  #cubes = 0;
  #collected = 0;

  handleCollection({ square = 0, cube = 0 }: Result, taskType: TaskType) {
    this.#squares += square;
    this.#cubes += cube;
    if (taskType === FIRST && ++this.#collected === 10) console.log("first task is collected");
  }

  override handleFinished() {
    console.log(`sum of squares ${this.#squares}, sum of cubes ${this.#cubes}`);
  }
}

if (isMain(import.meta)) await new SumCollector().run({ signals: true });
