// Run-wide parameters: the metadata worker hands them out, every other role uses them.
import { inTempFolder, launch } from "../support/launch.ts";

const file = (name: string) => ({ file: new URL(name, import.meta.url) });
const programs = ["collector.ts", "worker.ts", "meta-worker.ts", "run-distributor.ts"].map(file);

await inTempFolder((folder) => launch(programs, folder));
