import { availableParallelism } from "node:os";
import { Pipeline } from "../../pipeline/pipeline.ts";
import { TaskType } from "../../protocol/task-type.ts";
import { ownFile } from "../../self/own-file.ts";

const WORKER = ownFile("cli/tools/bench-worker.js");

/** Time for workers to start and for code to be compiled, in ms. It is not measured. */
const WARM_UP_MS = 1000;

/** Measures items per second, end to end: of items that do nothing, and of items that compute for 1 ms. */
export async function bench(workers: number | undefined, seconds: number) {
  const cores = availableParallelism();
  const count = workers ?? cores;
  const measure = (ms: number) => itemsPerSecond(count, seconds * 1000, ms);
  return { workers: count, cores: Math.min(cores, count), empty: await measure(0), busy: await measure(1) };
}

async function itemsPerSecond(count: number, durationMs: number, ms: number): Promise<number> {
  const taskType = TaskType.register("bench");
  const item = { ms };
  let isOver = false;
  function* items() {
    while (!isOver) yield item;
  }
  let collected = 0;
  const pipeline = new Pipeline({
    tasks: [{ taskType, items }],
    workers: { module: WORKER, count },
    collector: () => {
      collected += 1;
    },
  });
  const running = pipeline.run();
  // An error of the run ends the wait.
  const passed = (ms: number) => Promise.race([running, new Promise((resolve) => setTimeout(resolve, ms))]);
  while (collected === 0) await passed(10); // until the first worker works
  await passed(WARM_UP_MS);
  const [before, begun] = [collected, performance.now()];
  await passed(durationMs);
  const rate = ((collected - before) / (performance.now() - begun)) * 1000;
  isOver = true;
  await pipeline.stop({ timeout: 0 });
  await running;
  return rate;
}
