// Run-wide parameters: the metadata worker gives them to the distributor, and all other roles use them.
import { inTempFolder, launch } from "../support/launch.ts";

const file = (name: string) => ({ file: new URL(name, import.meta.url) });
const programs = ["collector.ts", "worker.ts", "meta-worker.ts", "run-distributor.ts"].map(file);

await inTempFolder((folder) => launch(programs, folder));
