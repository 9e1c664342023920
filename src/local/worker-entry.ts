// What a worker's process runs: its parent, the pipeline, says what is to be worked on, and when to stop.
import { printAtOnce, printed } from "../executor/own-output.ts";
import { isInstance, propertyOf } from "../protocol/thrown.ts";
import { onWork } from "../role/work-signal.ts";
import { type AnyWorker, makeWorker } from "./module-worker.ts";
import {
  type FromWorkerProcess,
  type ToWorkerProcess,
  toProcessError,
  type WorkerStart,
} from "./worker-messages.ts";

let worker: AnyWorker | undefined;

printAtOnce();

process.on("message", (message: ToWorkerProcess) => {
  if (message.type === "start") void work(message);
  else if (worker === undefined) process.exit();
  else void worker.stop({ timeout: message.timeout });
});

// Its own work is done, or the pipeline is gone, however that came about: nobody needs this process any more.
process.once("disconnect", () => void printed().then(() => process.exit()));

// Ctrl-C reaches all processes of a terminal; the pipeline says what follows from it.
process.on("SIGINT", () => {});

async function work(start: WorkerStart): Promise<void> {
  try {
    worker = await makeWorker(start);
    listen(worker);
    tell({ type: "started" });
  } catch (error) {
    return fail("unusable", error);
  }
  try {
    const { closeErrors = [] } = ((await worker.run()) ?? {}) as { readonly closeErrors?: readonly Error[] };
    tell({ type: "done", closeErrors: closeErrors.map(toProcessError) }, () => process.disconnect());
  } catch (error) {
    fail(isFinal(error) ? "unusable" : "failed", error);
  }
}

/** Whoever has started this process decides by these what its death means, and how long its end may take. */
function listen(worker: AnyWorker): void {
  const { closeTimeout = 0 } = worker;
  worker[onWork] = (stage) => {
    // Hooks in threads come first, and then the worker's own.
    tell(stage === "closing" ? { type: stage, timeout: 2 * closeTimeout } : { type: stage });
  };
}

function fail(type: "unusable" | "failed", error: unknown): void {
  process.exitCode = 1;
  tell({ type, error: toProcessError(error) }, () => process.disconnect());
}

/** Another process would end the same: the class is used wrongly, which is no PipelineError, or its initialisation fails. */
function isFinal(error: unknown): boolean {
  const isMisuse = isInstance(error, TypeError) || isInstance(error, RangeError);
  return isMisuse || propertyOf(error, "code") === "INIT_FAILED";
}

function tell(message: FromWorkerProcess, told: () => void = () => {}): void {
  process.send?.(message, told);
}
