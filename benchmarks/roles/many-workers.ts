// many-workers.ts COUNT [PREFIX]: runs COUNT workers in one process, each with sockets of its own. Their handlers wait for as long as the
// item says, in ms. With a PREFIX, worker number n works on the task type PREFIX-n.
import { setTimeout as sleep } from "node:timers/promises";
import { SingleThreadedWorker, TaskType } from "zmqpipeline";
import { BENCH, COLLECTOR, WORKER } from "./settings.ts";

const [count = "1", prefix] = process.argv.slice(2);

class Waiter extends SingleThreadedWorker<{ sleep?: number }> {
  readonly taskType: TaskType;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;
  constructor(index: number) {
    super();
    this.taskType = prefix === undefined ? BENCH : TaskType.register(`${prefix}-${index}`);
  }
  async handleExecution({ sleep: ms = 0 }: { sleep?: number }) {
    if (ms > 0) await sleep(ms);
  }
}

await Promise.all(Array.from({ length: Number(count) }, (_, index) => new Waiter(index).run()));
