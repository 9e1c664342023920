import { openSync, writeSync } from "node:fs";
import { Collector } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK, partialFile } from "./settings.mjs";
import { addCounts } from "./words.mjs";

export class WordCollector extends Collector {
  endpoint = COLLECTOR;
  ackEndpoint = COLLECTOR_ACK;
  /** How often each word occurs in all files, once the run is over. */
  totals = new Map();
  files = 0;
  failed = 0;
  #partials = new Map();

  handleCollection(result) {
    if (result.lines === undefined) return addCounts(result, this.totals);
    this.files += result.files;
    // They are written before the result is ACKed, and the merge begins when the last one is.
    for (const [range, line] of Object.entries(result.lines)) writeSync(this.#partial(range), `${line}\n`);
  }

  handleFailure({ data, error }) {
    this.failed += 1;
    console.error(`${JSON.stringify(data)}: ${error.message}`);
  }

  #partial(range) {
    const file = this.#partials.get(range) ?? openSync(partialFile(range), "a");
    this.#partials.set(range, file);
    return file;
  }
}
