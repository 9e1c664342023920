// A worker for each stage, in one process: the second waits until the first has nothing more to do.
import { existsSync, readFileSync } from "node:fs";
import { SingleThreadedWorker } from "zmqpipeline";
import { COLLECTOR, COUNT, COUNT_WORKER, MERGE, MERGE_WORKER, partialFile } from "./settings.mjs";
import { addCounts, countWords, divide, toCounts } from "./words.mjs";

class CountWorker extends SingleThreadedWorker {
  taskType = COUNT;
  endpoint = COUNT_WORKER;
  collectorEndpoint = COLLECTOR;

  /** The counts of the item's files together: a line of JSON for each range of letters that has any. */
  handleExecution({ paths }) {
    const lines = {};
    for (const [range, part] of divide(countWords(paths))) lines[range] = JSON.stringify(part);
    return { files: paths.length, lines };
  }
}

class MergeWorker extends SingleThreadedWorker {
  taskType = MERGE;
  endpoint = MERGE_WORKER;
  collectorEndpoint = COLLECTOR;

  handleExecution({ range }) {
    const totals = new Map();
    const file = partialFile(range);
    // Without a word of this range in any file there are no partial counts.
    const lines = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
    for (const line of lines) addCounts(JSON.parse(line), totals);
    return toCounts(totals);
  }
}

// Ends with main.mjs, however that has ended.
process.once("disconnect", () => process.exit(1));
await Promise.all([new CountWorker().run(), new MergeWorker().run()]);
process.exit();
