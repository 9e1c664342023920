// Counts the words in the text and source files of a folder, with one worker process per core, and proves the result by
// counting the same files in this process. Usage: main.mjs [folder] [json file]
import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Distributor } from "zmqpipeline";
import { WordCollector } from "./collector.mjs";
import { showProgress } from "./progress.mjs";
import { COLLECTOR, COLLECTOR_ACK } from "./settings.mjs";
import { CountTask, MergeTask } from "./tasks.mjs";
import { countWords, textFiles } from "./words.mjs";

const folder = resolve(process.argv[2] ?? fileURLToPath(new URL("../../node_modules", import.meta.url)));
const jsonFile = resolve(process.argv[3] ?? "wordcount.json");
const workers = availableParallelism();
const TOP = 20;

/** The distributor and the collector are in this process, the workers in processes of their own. */
async function countInParallel() {
  const children = Array.from({ length: workers }, () =>
    fork(fileURLToPath(new URL("workers.mjs", import.meta.url)), { execArgv: [] }),
  );
  try {
    const failed = new AbortController();
    let alive = workers;
    for (const child of children) {
      child.once("exit", (code, signal) => {
        alive -= 1;
        if (code !== 0) console.error(`A worker process ended with ${signal ?? `exit code ${code}`}`);
        // As long as there is another one, that gets the items of the one that died.
        if (code !== 0 && alive === 0) failed.abort(new Error("No worker process is left"));
      });
    }
    const { signal } = failed;
    const distributor = new Distributor({
      collectorEndpoint: COLLECTOR,
      collectorAckEndpoint: COLLECTOR_ACK,
    });
    const collector = new WordCollector();
    // The folder is read here while the worker processes start.
    distributor.registerTask(new CountTask([...textFiles(folder)]));
    distributor.registerTask(MergeTask);
    const stopProgress = showProgress(() => distributor.progress);
    const [summary] = await Promise.all([distributor.run({ signal }), collector.run({ signal })]);
    stopProgress();
    signal.throwIfAborted();
    return { collector, ranges: summary.tasks.merge.acked };
  } finally {
    for (const child of children) child.removeAllListeners("exit").kill("SIGKILL");
  }
}

/** Does the work in a new folder, which is removed afterwards. The addresses of the ipc endpoints are relative to it. */
async function inTempFolder(work) {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "zmqpipeline-"));
  process.chdir(folder);
  try {
    return await work();
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
}

const whole = (number) => number.toLocaleString("en");
const since = (startedAt) => (performance.now() - startedAt) / 1000;

console.log(`Counting the words below ${folder} with ${workers} worker processes`);
let startedAt = performance.now();
const { collector, ranges } = await inTempFolder(countInParallel);
const parallel = since(startedAt);
const { totals, files, failed } = collector;
console.error(
  `Done in ${parallel.toFixed(1)} s: ${files} files counted, ${ranges} ranges merged, ${failed} failed`,
);

const sorted = [...totals].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
const top = sorted.slice(0, TOP).map(([word, count]) => ({ word, count }));
const words = sorted.reduce((sum, [, count]) => sum + count, 0);
console.log(`\n${"word".padEnd(20)}${"count".padStart(12)}`);
for (const { word, count } of top) console.log(word.padEnd(20) + whole(count).padStart(12));
const result = { files, failed, words, distinct: sorted.length, top };
writeFileSync(jsonFile, `${JSON.stringify(result, null, 2)}\n`);
console.log(
  `\n${whole(files)} files, ${whole(words)} words, ${whole(sorted.length)} different; written to ${jsonFile}`,
);

console.log("Verifying: this process counts the same files alone ...");
startedAt = performance.now();
const expected = countWords(textFiles(folder));
const alone = since(startedAt);
const same =
  totals.size === expected.size && [...expected].every(([word, count]) => totals.get(word) === count);
if (same) {
  const faster = alone > parallel ? `, ${(alone / parallel).toFixed(2)} times as fast` : "";
  console.log(`Proof: a single process counts the same ${whole(expected.size)} words, each as often`);
  console.log(
    `It took ${alone.toFixed(2)} s; ${workers} worker processes took ${parallel.toFixed(2)} s${faster}`,
  );
} else {
  console.log("The totals differ from those of a single process. Did a file change meanwhile?");
  process.exitCode = 1;
}
