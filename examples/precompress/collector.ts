// Writes the compressed files into the folder `out` of the working directory.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Collector, isMain } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK, type Compressed } from "./settings.ts";

class FileCollector extends Collector<Compressed> {
  readonly endpoint = COLLECTOR;
  readonly ackEndpoint = COLLECTOR_ACK;

  override handleCollection({ path, brotli }: Compressed) {
    const target = `out/${path}.br`;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, brotli);
  }
}

if (isMain(import.meta)) await new FileCollector().run({ signals: true });
