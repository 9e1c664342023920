// worker.ts NAME: answers in capitals, after a moment's thought.
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

// Ends when the service does.
if (isMain(import.meta)) await new ShoutWorker().run();
