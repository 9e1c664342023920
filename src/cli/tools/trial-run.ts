import { PipelineError } from "../../errors.ts";
import { Pipeline } from "../../pipeline/pipeline.ts";
import { TaskType } from "../../protocol/task-type.ts";
import { describeThrown, isInstance } from "../../protocol/thrown.ts";
import { ownFile } from "../../self/own-file.ts";
import type { Check } from "./check.ts";

/** Longest time for the trial, in ms. */
const TRIAL_MS = 30_000;

/** Does what `run` does: makes the folder of a run, and sends one item through a worker process. */
export async function trialRun(): Promise<Check> {
  let folder = "";
  let collected = 0;
  const pipeline = new Pipeline({
    tasks: [{ taskType: TaskType.register("doctor"), items: [{ ms: 0 }] }],
    workers: { module: ownFile("cli/tools/bench-worker.js"), count: 1 },
    restarts: 0,
    collector: () => {
      collected += 1;
      folder = pipeline.endpoint?.address ?? "";
    },
  });
  const begun = performance.now();
  try {
    await pipeline.run({ signal: AbortSignal.timeout(TRIAL_MS) });
    const ms = Math.round(performance.now() - begun);
    if (collected === 1)
      return {
        name: "run",
        ok: true,
        text: `one item went through a worker process in ${ms} ms, at ${folder}`,
      };
    return {
      name: "run",
      ok: false,
      text: `one item did not come back from a worker process within ${TRIAL_MS} ms`,
    };
  } catch (error) {
    const code = isInstance(error, PipelineError) ? ` (${error.code})` : "";
    return { name: "run", ok: false, text: `${describeThrown(error)}${code}` };
  }
}
