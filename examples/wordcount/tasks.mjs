import { statSync } from "node:fs";
import { Task } from "zmqpipeline";
import { COUNT, COUNT_WORKER, ITEM_BYTES, MERGE, MERGE_WORKER, RANGES } from "./settings.mjs";

/** An item has the paths of some files: the workers read them. */
export class CountTask extends Task {
  taskType = COUNT;
  endpoint = COUNT_WORKER;
  #paths;

  constructor(paths) {
    super();
    this.#paths = paths;
  }

  *items() {
    let paths = [];
    let bytes = 0;
    for (const path of this.#paths) {
      paths.push(path);
      bytes += statSync(path).size;
      if (bytes < ITEM_BYTES) continue;
      yield { paths };
      paths = [];
      bytes = 0;
    }
    if (paths.length > 0) yield { paths };
  }
}

/** An item is a range of letters. Begins when all files are counted and their counts are collected. */
export class MergeTask extends Task {
  taskType = MERGE;
  endpoint = MERGE_WORKER;
  dependencies = [COUNT];

  *items() {
    for (const range of RANGES) yield { range };
  }
}
