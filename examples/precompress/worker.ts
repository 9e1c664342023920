// worker.ts THREADS: compresses files in as many threads.
import { isMain, MultiThreadedWorker } from "zmqpipeline";
import { compress } from "./compress.ts";
import { COLLECTOR, COMPRESS, type Compressed, type File, WORKER } from "./settings.ts";

export class Compressor extends MultiThreadedWorker<File, Compressed> {
  readonly module = import.meta.url;
  override readonly nThreads = Number(process.argv[2]); // threads have the same command line
  readonly taskType = COMPRESS;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;

  override handleThreadExecution({ path, source }: File) {
    return { path, brotli: compress(source) };
  }
}

if (isMain(import.meta)) await new Compressor().run({ signals: true });
