import { isMain, MetaDataWorker } from "zmqpipeline";
import { METADATA, type Parameters } from "./settings.ts";

class ParametersWorker extends MetaDataWorker<Parameters> {
  readonly endpoint = METADATA;

  getMetadata() {
    return { items: 5, factor: 100 };
  }
}

if (isMain(import.meta)) await new ParametersWorker().run({ signals: true });
