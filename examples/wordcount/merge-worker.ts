import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { isMain, SingleThreadedWorker } from "zmqpipeline";
import { COLLECTOR, type Counts, MERGE, MERGE_WORKER, partialFile } from "./settings.ts";
import { addCounts, toCounts } from "./words.ts";

class MergeWorker extends SingleThreadedWorker<{ range: string }, Counts> {
  readonly taskType = MERGE;
  readonly endpoint = MERGE_WORKER;
  readonly collectorEndpoint = COLLECTOR;

  async handleExecution({ range }: { range: string }) {
    const totals = new Map<string, number>();
    const file = partialFile(range);
    // No word of this range in any file: no partial counts.
    if (existsSync(file)) {
      for await (const line of createInterface({ input: createReadStream(file) })) {
        addCounts(JSON.parse(line) as Counts, totals);
      }
    }
    return toCounts(totals);
  }
}

if (isMain(import.meta)) await new MergeWorker().run();
