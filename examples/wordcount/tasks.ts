import { Task, type TaskType } from "zmqpipeline";
import { COUNT, COUNT_WORKER, MERGE, MERGE_WORKER, RANGES } from "./settings.ts";
import { textFiles } from "./words.ts";

/** One item per file: the workers read it themselves. */
export class CountTask extends Task<{ path: string }> {
  readonly taskType = COUNT;
  readonly endpoint = COUNT_WORKER;
  readonly #folder: string;

  constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  override async *items() {
    for await (const path of textFiles(this.#folder)) yield { path };
  }
}

/** One item per range of letters, when every file is counted and its counts are collected. */
export class MergeTask extends Task<{ range: string }> {
  readonly taskType = MERGE;
  readonly endpoint = MERGE_WORKER;
  override readonly dependencies: TaskType[] = [COUNT];

  override *items() {
    for (const range of RANGES) yield { range };
  }
}
