import { getLogger, Task } from "zmqpipeline";
import { GREETING, WORKER } from "./settings.ts";

const log = getLogger("zmqpipeline.task.GreetingTask");

export class GreetingTask extends Task<{ name: string }> {
  readonly taskType = GREETING;
  readonly endpoint = WORKER;

  override *items() {
    for (const name of ["Ada", "Grace", "Edsger"]) {
      log.debug("next is {name}", { name });
      yield { name };
    }
  }
}
