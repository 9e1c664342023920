// The program of a worker's process. Its parent, the pipeline, tells it which worker to run, and when to stop.
import { Socket } from "node:net";
import { printAtOnce, printed } from "../executor/own-output.ts";
import { peersOf } from "../role/peer-state.ts";
import { onWork } from "../role/work-signal.ts";
import { becomeWorker, permit } from "../self/nesting.ts";
import { entitle } from "../self/process-title.ts";
import { PARENT_FD } from "../watching/parent-pipe.ts";
import { becomeReplaceable, endWithParent } from "../watching/process-watch.ts";
import type { WorkerSummary } from "../worker/worker-summary.ts";
import type { AnyWorker } from "./any-worker.ts";
import { CONTROL_FD, ControlChannel } from "./control-channel.ts";
import { isFinal } from "./final-error.ts";
import { makeWorker } from "./module-worker.ts";
import { openInspector } from "./open-inspector.ts";
import {
  type FromWorkerProcess,
  type NumberedStart,
  type ToWorkerProcess,
  toProcessError,
} from "./process-messages.ts";
import { removeOrphaned } from "./run-folder.ts";
import { restoreEnvironment } from "./worker-environment.ts";

/** How long after a SIGTERM the pipeline may say that the signal was for the whole run, in ms. */
const TERMINATED_MS = 1000;

/** How often the worker's peers are looked at, where the parent wants to know them, in ms. */
const LOOK_MS = 100;

let worker: AnyWorker | undefined;
let hasFailed = false;
let endpoint = "";
/** The pipeline is being stopped, and says when this process is to end. */
let isDraining = false;

printAtOnce();
becomeWorker((error) => fail("unusable", error));
restoreEnvironment();
// Before the user's module is imported, which may take for ever.
endWithParent(PARENT_FD);
becomeReplaceable();

const channel = new ControlChannel<ToWorkerProcess, FromWorkerProcess>(
  new Socket({ fd: CONTROL_FD }),
  (message) => {
    if (message.type === "start") void work(message);
    else if (message.type === "drain") isDraining = true;
    else if (worker === undefined) process.exit();
    else {
      isDraining = true;
      void worker.stop({ timeout: message.timeoutMs });
    }
  },
  // The pipeline has ended, in whatever way: this process is no longer needed.
  () => void removeOrphaned(endpoint).then(leave),
);

// Ctrl-C reaches all processes of a terminal; the pipeline decides what follows.
process.on("SIGINT", () => {});

// SIGTERM reaches all processes of a unit or a group, too. One that is for this process alone ends it, a moment later.
process.once("SIGTERM", () => {
  const ignore = () => {};
  process.on("SIGTERM", ignore);
  setTimeout(() => {
    if (isDraining) return;
    process.off("SIGTERM", ignore);
    if (process.listenerCount("SIGTERM") === 0) process.kill(process.pid, "SIGTERM"); // the user's code may listen
  }, TERMINATED_MS).unref();
});

async function work(start: NumberedStart): Promise<void> {
  endpoint = start.endpoint ?? "";
  const [title, file] = [`worker ${start.number}`, start.module];
  entitle(title, start.taskType ?? "", file);
  try {
    if (start.inspect !== undefined) openInspector(start.inspect, start.number);
    worker = permit(await makeWorker(start));
    entitle(title, String(worker.taskType ?? ""), file);
    listen(worker, start);
    tell({ type: "started" });
  } catch (error) {
    return fail("unusable", error);
  }
  try {
    const summary = ((await worker.run()) ?? {}) as Partial<WorkerSummary>;
    const { closeErrors = [], executed = 0, failed = 0 } = summary;
    const counts = { executed, failed };
    if (!hasFailed) tell({ type: "done", closeErrors: closeErrors.map(toProcessError), counts }, leave);
  } catch (error) {
    fail(isFinal(error) ? "unusable" : "failed", error);
  }
}

/** Tells the pipeline how far the worker is. The pipeline judges by that what a death means, and how long the end may take. */
function listen(worker: AnyWorker, { tellsPeers }: NumberedStart): void {
  const { closeTimeout = 0 } = worker;
  worker[onWork] = (stage) => {
    // Twice: the hooks of threads run first, then the worker's own.
    tell(stage === "closing" ? { type: stage, timeoutMs: 2 * closeTimeout } : { type: stage });
  };
  if (!tellsPeers) return;
  let told = "";
  setInterval(() => {
    const peers = worker[peersOf] ?? [];
    const state = JSON.stringify(peers);
    if (state === told || peers.length === 0) return;
    told = state;
    tell({ type: "peers", peers });
  }, LOOK_MS).unref();
}

/** Tells the pipeline once why this process cannot work, and ends. */
function fail(type: "unusable" | "failed", error: unknown): void {
  if (hasFailed) return;
  hasFailed = true;
  process.exitCode = 1;
  tell({ type, error: toProcessError(error) }, leave);
}

function leave(): void {
  void printed().then(() => process.exit());
}

function tell(message: FromWorkerProcess, told?: () => void): void {
  channel.send(message, told);
}
