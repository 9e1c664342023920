import { type Payload, Task } from "zmqpipeline";
import { type Parameters, SCALE, WORKER } from "./settings.ts";

export class ScaleTask extends Task<{ n: number }, Parameters> {
  readonly taskType = SCALE;
  readonly endpoint = WORKER;
  #count = 0;

  override initialize(metadata: Parameters) {
    this.metadata = metadata;
    console.log(`task: ${metadata.items} items`);
  }

  override handle(metadata: Parameters, _address: string, _msgtype: string, _ackData: Payload) {
    if (++this.#count >= metadata.items) this.isComplete = true;
    return { n: this.#count };
  }
}
