import { readFileSync } from "node:fs";
import { isMain, SingleThreadedWorker } from "zmqpipeline";
import { COLLECTOR, COUNT, COUNT_WORKER, type PartialCounts } from "./settings.ts";
import { addWords, divide } from "./words.ts";

class CountWorker extends SingleThreadedWorker<{ path: string }, PartialCounts> {
  readonly taskType = COUNT;
  readonly endpoint = COUNT_WORKER;
  readonly collectorEndpoint = COLLECTOR;

  handleExecution({ path }: { path: string }) {
    const totals = new Map<string, number>();
    addWords(readFileSync(path, "utf8"), totals);
    return {
      lines: Object.fromEntries([...divide(totals)].map(([range, part]) => [range, JSON.stringify(part)])),
    };
  }
}

if (isMain(import.meta)) await new CountWorker().run();
