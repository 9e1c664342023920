// worker.ts NAME: answers in capitals, after 100 ms.
import { setTimeout as sleep } from "node:timers/promises";
import { isMain, ServiceWorker } from "zmqpipeline";
import { BACK, SHOUT } from "./settings.ts";

const name = process.argv[2] ?? "";

class ShoutWorker extends ServiceWorker<{ message: string }, { message: string; worker: string }> {
  override readonly taskType = SHOUT;
  readonly endpoint = BACK;

  async handleMessage({ message }: { message: string }) {
    if (message === "") throw new RangeError("There is nothing to shout");
    await sleep(100);
    return { message: message.toUpperCase(), worker: name };
  }
}

// The worker ends when the service ends.
if (isMain(import.meta)) await new ShoutWorker().run({ signals: true });
