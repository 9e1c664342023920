// Counts the words in the text and source files of a folder, over one worker process per core, and proves the result by
// counting the same files in this process. Usage: main.ts [folder] [json file]
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { inTempFolder, launch } from "../support/launch.ts";
import { TOTALS_FILE } from "./settings.ts";
import { addWords, textFiles } from "./words.ts";

const file = (name: string) => new URL(name, import.meta.url);
const folder = resolve(process.argv[2] ?? fileURLToPath(new URL("../../node_modules", import.meta.url)));
const jsonFile = resolve(process.argv[3] ?? "wordcount.json");
const perCore = <T>(make: () => T): T[] => Array.from({ length: availableParallelism() }, make);

console.log(
  `Counting the words below ${folder} with ${availableParallelism()} worker processes for each stage`,
);
const totals = await inTempFolder(async (workFolder) => {
  await launch(
    [
      { file: file("collector.ts"), args: [jsonFile] },
      ...perCore(() => ({ file: file("count-worker.ts") })),
      ...perCore(() => ({ file: file("merge-worker.ts") })),
      { file: file("run-distributor.ts"), args: [folder, String(availableParallelism())] },
    ],
    workFolder,
  );
  return new Map(JSON.parse(await readFile(join(workFolder, TOTALS_FILE), "utf8")) as [string, number][]);
});

const startedAt = performance.now();
const expected = new Map<string, number>();
for await (const path of textFiles(folder)) addWords(readFileSync(path, "utf8"), expected);
const same =
  totals.size === expected.size && [...expected].every(([word, count]) => totals.get(word) === count);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(
  same
    ? `Proof: a single process counts the same ${expected.size.toLocaleString("en")} words, each as often (${seconds} s)`
    : "The totals differ from those of a single process",
);
if (!same) process.exitCode = 1;
