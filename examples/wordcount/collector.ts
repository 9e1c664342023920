import { openSync, writeFileSync, writeSync } from "node:fs";
import { Collector, type Failure, isMain } from "zmqpipeline";
import {
  COLLECTOR,
  COLLECTOR_ACK,
  type Counts,
  type PartialCounts,
  partialFile,
  TOTALS_FILE,
} from "./settings.ts";
import { addCounts } from "./words.ts";

const [jsonFile = "wordcount.json"] = process.argv.slice(2);
const TOP = 20;

class WordCollector extends Collector<Counts | PartialCounts> {
  readonly endpoint = COLLECTOR;
  readonly ackEndpoint = COLLECTOR_ACK;
  readonly #totals = new Map<string, number>();
  readonly #partials = new Map<string, number>();
  #files = 0;
  #failed = 0;

  handleCollection(result: Counts | PartialCounts) {
    if (!("lines" in result)) return addCounts(result, this.#totals);
    this.#files += 1;
    // In the files before the ACK goes out: the merge begins when the last one is ACKed.
    for (const [range, line] of Object.entries(result.lines)) writeSync(this.#partial(range), `${line}\n`);
  }

  #partial(range: string): number {
    const file = this.#partials.get(range) ?? openSync(partialFile(range), "a");
    this.#partials.set(range, file);
    return file;
  }

  override handleFailure({ data, error }: Failure<object>) {
    this.#failed += 1;
    console.error(`${JSON.stringify(data)}: ${error.message}`);
  }

  override handleFinished() {
    const sorted = [...this.#totals].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    const words = sorted.reduce((sum, [, count]) => sum + count, 0);
    const top = sorted.slice(0, TOP).map(([word, count]) => ({ word, count }));
    console.log(`\n${"word".padEnd(20)}${"count".padStart(12)}`);
    for (const { word, count } of top) console.log(word.padEnd(20) + count.toLocaleString("en").padStart(12));
    writeFileSync(
      jsonFile,
      `${JSON.stringify({ files: this.#files, failed: this.#failed, words, distinct: sorted.length, top }, null, 2)}\n`,
    );
    writeFileSync(TOTALS_FILE, JSON.stringify(sorted));
    console.log(
      `\n${this.#files.toLocaleString("en")} files, ${words.toLocaleString("en")} words, ${sorted.length.toLocaleString("en")} different; written to ${jsonFile}`,
    );
  }
}

if (isMain(import.meta)) await new WordCollector().run();
