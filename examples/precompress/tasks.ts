import { join } from "node:path";
import { Task } from "zmqpipeline";
import { filesOf } from "./files.ts";
import { COMPRESS, type File, WORKER } from "./settings.ts";

export class CompressTask extends Task<File> {
  readonly taskType = COMPRESS;
  readonly endpoint = WORKER;
  readonly #folder: string;
  startedAt = 0;

  constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  override *items() {
    const paths = filesOf(this.#folder);
    this.startedAt = performance.now();
    for (const path of paths) yield { path, source: join(this.#folder, path) };
  }
}
