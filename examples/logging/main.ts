// Shows what each role logs to the console and, at the end, the log file, which has more detail.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inTempFolder, launch } from "../support/launch.ts";

const file = (name: string) => ({ file: new URL(name, import.meta.url) });
const programs = ["collector.ts", "worker.ts", "run-distributor.ts"].map(file);

await inTempFolder(async (folder) => {
  await launch(programs, folder);
  console.log("\npipeline.log:");
  console.log(await readFile(join(folder, "pipeline.log"), "utf8"));
});
