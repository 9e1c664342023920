import { isMain, SingleThreadedWorker } from "zmqpipeline";
import { COLLECTOR, GREETING, WORKER } from "./settings.ts";

class GreetingWorker extends SingleThreadedWorker<{ name: string }> {
  readonly taskType = GREETING;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;

  handleExecution({ name }: { name: string }) {
    if (name === "Edsger") throw Object.assign(new Error("considered harmful"), { retryable: false });
    return { greeting: `Hello, ${name}` };
  }
}

if (isMain(import.meta)) await new GreetingWorker().run({ signals: true });
