import { Task, type TaskType } from "zmqpipeline";
import { FIRST, FIRST_WORKER, SECOND, SECOND_WORKER } from "./settings.ts";

const ITEMS = 10;

export class FirstTask extends Task<{ n: number }> {
  readonly taskType = FIRST;
  readonly endpoint = FIRST_WORKER;

  override *items() {
    for (let n = 1; n <= ITEMS; n++) yield { n };
  }
}

export class SecondTask extends Task<{ n: number }> {
  readonly taskType = SECOND;
  readonly endpoint = SECOND_WORKER;
  /** Begins when every item of the first task has been collected. */
  override readonly dependencies: TaskType[] = [FIRST];

  override *items() {
    for (let n = 1; n <= ITEMS; n++) yield { n };
  }
}
