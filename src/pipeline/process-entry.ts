// What a worker's process runs: its parent, the pipeline, says what is to be worked on, and when to stop.
import { Socket } from "node:net";
import { printAtOnce, printed } from "../executor/own-output.ts";
import { isInstance, propertyOf } from "../protocol/thrown.ts";
import { onWork } from "../role/work-signal.ts";
import { becomeWorker, permit } from "../self/nesting.ts";
import { PARENT_FD } from "../watching/parent-pipe.ts";
import { becomeReplaceable, endWithParent } from "../watching/process-watch.ts";
import { CONTROL_FD, ControlChannel } from "./control-channel.ts";
import { type AnyWorker, makeWorker } from "./module-worker.ts";
import { removeOrphaned } from "./run-folder.ts";
import { restoreEnvironment } from "./worker-environment.ts";
import {
  type FromWorkerProcess,
  type ToWorkerProcess,
  toProcessError,
  type WorkerStart,
} from "./worker-messages.ts";

let worker: AnyWorker | undefined;
let hasFailed = false;
let endpoint = "";

printAtOnce();
becomeWorker((error) => fail("unusable", error));
restoreEnvironment();
// First, because importing the user's module may take for ever.
endWithParent(PARENT_FD);
becomeReplaceable();

const channel = new ControlChannel<ToWorkerProcess, FromWorkerProcess>(
  new Socket({ fd: CONTROL_FD }),
  (message) => {
    if (message.type === "start") void work(message);
    else if (worker === undefined) process.exit();
    else void worker.stop({ timeout: message.timeout });
  },
  // The pipeline is gone, however that came about: nobody needs this process any more.
  () => void removeOrphaned(endpoint).then(leave),
);

// Ctrl-C reaches all processes of a terminal; the pipeline says what follows from it.
process.on("SIGINT", () => {});

async function work(start: WorkerStart): Promise<void> {
  endpoint = start.endpoint ?? "";
  try {
    worker = permit(await makeWorker(start));
    listen(worker);
    tell({ type: "started" });
  } catch (error) {
    return fail("unusable", error);
  }
  try {
    const { closeErrors = [] } = ((await worker.run()) ?? {}) as { readonly closeErrors?: readonly Error[] };
    if (!hasFailed) tell({ type: "done", closeErrors: closeErrors.map(toProcessError) }, leave);
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

/** Says why it cannot work, once, and ends. */
function fail(type: "unusable" | "failed", error: unknown): void {
  if (hasFailed) return;
  hasFailed = true;
  process.exitCode = 1;
  tell({ type, error: toProcessError(error) }, leave);
}

function leave(): void {
  void printed().then(() => process.exit());
}

/** Another process would end the same: the class is used wrongly, which is no PipelineError, or its initialisation fails. */
function isFinal(error: unknown): boolean {
  const isMisuse = isInstance(error, TypeError) || isInstance(error, RangeError);
  return isMisuse || propertyOf(error, "code") === "INIT_FAILED";
}

function tell(message: FromWorkerProcess, told?: () => void): void {
  channel.send(message, told);
}
