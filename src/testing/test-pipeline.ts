import { atCaller } from "../self/at-caller.ts";
import { checkOptions } from "./check-options.ts";
import { importWorkers } from "./import-workers.ts";
import { PipelineTest } from "./pipeline-test.ts";
import { PipelineTestError } from "./pipeline-test-error.ts";
import type { PipelineTestOptions } from "./pipeline-test-options.ts";
import type { PipelineVerdict } from "./pipeline-verdict.ts";

/**
 * Runs a pipeline's tasks and handlers in this process, on virtual time and a simulated network, again and again: twice without faults, once with
 * each item repeated, and then with kills, lost and duplicated messages, and restarts, which a seed draws. Says which handler is not idempotent or not deterministic, and
 * for which item. The roles between the handlers are the library's own.
 *
 * Handlers may await: virtual time stands still until the promise has settled, so one call of the user's code runs at a time.
 *
 * @param options - The pipeline, and how it is tested.
 * @returns The verdict: what was tried, and with `throws: false` also what was found.
 * @throws PipelineTestError when something was found; its message names the handler, the item and the seed.
 * @throws TypeError, RangeError when an option is missing, unknown or wrong. What `reset()` throws.
 *
 * @example
 * ```ts
 * import { test } from "node:test";
 * import { testPipeline } from "zmqpipeline/testing";
 *
 * test("the pipeline survives crashes", async () => {
 *   const rows = new Map<string, number>();
 *   await testPipeline({
 *     tasks: [{ taskType: "square", items: [1, 2, 3] }],
 *     worker: (n: number) => n * n,
 *     collector: (square: number, { id }) => void rows.set(id, square),
 *     reset: () => rows.clear(),
 *     snapshot: () => rows,
 *   });
 * });
 * ```
 */
export async function testPipeline(options: PipelineTestOptions): Promise<PipelineVerdict> {
  const checked = atCaller(testPipeline, () => checkOptions(options));
  const workers = await importWorkers(checked.worker);
  const test = atCaller(testPipeline, () => new PipelineTest(checked, workers));
  const verdict = await test.run();
  if (!verdict.ok && checked.throws) throw new PipelineTestError(verdict);
  return verdict;
}
