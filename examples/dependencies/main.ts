// Two tasks, each with a worker of its own; the second begins when the first is collected.
import { inTempFolder, launch } from "../support/launch.ts";

const file = (name: string) => ({ file: new URL(name, import.meta.url) });
const programs = ["collector.ts", "second-worker.ts", "first-worker.ts", "run-distributor.ts"].map(file);

await inTempFolder((folder) => launch(programs, folder));
