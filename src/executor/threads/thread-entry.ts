// The code of each thread of a pool: imports the user's module, makes an instance of the class, and executes the jobs that the main
// thread sends.
import { isMainThread, receiveMessageOnPort, workerData } from "node:worker_threads";
import { toErrorInfo } from "../../protocol/error-info.ts";
import { decodePayload, encodePayload } from "../../protocol/payload/payload.ts";
import type { TaskType } from "../../protocol/task-type.ts";
import { becomeWorker, duringHook, watchActivity } from "../../self/nesting.ts";
import { Fifo } from "../../structures/fifo.ts";
import { runCloseHook } from "../close-hook.ts";
import { importUserModule } from "../import-user-module.ts";
import { printed } from "../own-output.ts";
import { tracedHandler } from "../traced-handler.ts";
import { JobStates } from "./job-states.ts";
import { type Job, ThreadJobs } from "./thread-jobs.ts";
import type { FromThread, Outcomes, ThreadData, ToThread } from "./thread-messages.ts";
import { type OpenInThread, openInThread } from "./threaded-class.ts";
import { fromTransferable } from "./transferable-payloads.ts";

/** How long jobs follow one another before the thread's event loop runs, in ms. */
const SLICE_MS = 50;

/** Number of items that do nothing, at about 10 µs each: enough for the code of an execution to be compiled once. */
const REHEARSALS = 100;

if (isMainThread) throw new Error("This file is only for threads of a pool");
const { module, className, taskType, workerId, index, states, flushMs, port, depth } =
  workerData as ThreadData;
const queue = new Fifo<Job>();
const upcoming = (index: number) => queue.peek(index);
const post = (outcomes: Outcomes, transfer: ArrayBuffer[]) => port.postMessage(outcomes, transfer);
const jobs = new ThreadJobs(new JobStates(states), flushMs, post, upcoming);
becomeWorker((error) => tell({ kind: "unusable", error: toErrorInfo(error) }), depth);
watchActivity(() => jobs.isBusy);
const loading = load();
let closeHook = async (): Promise<Error | undefined> => undefined;
let isFirstRun = true;
/** A run has begun. */
let open = false;
/** `work()` waits for an async handler, or for the event loop to run. */
let waiting = false;

port.on("message", (message: ToThread) => {
  receive(message);
  work();
});

function receive(message: ToThread): void {
  if (message.kind === "jobs") {
    const { firstSerial, sourceIds, seqs, attempts, contexts } = message;
    for (const [at, payload] of fromTransferable(message).entries()) {
      const [sourceId = "", seq = 0, attempt = 0, context = ""] = [
        sourceIds[at],
        seqs[at],
        attempts[at],
        contexts[at],
      ];
      queue.push({ serial: firstSerial + at, sourceId, seq, attempt, context, payload });
    }
  } else if (message.kind === "abort") {
    jobs.abort(message.serial);
  } else if (message.kind === "begin") {
    open = false;
    void begin(message.metadata, message.timeoutMs, message.context);
  } else {
    void leave();
  }
}

/** Imports the user's module and makes an instance of the class, without arguments. */
async function load(): Promise<OpenInThread> {
  const exported = await importUserModule(module);
  const named = Object.entries(exported).filter(
    ([name, value]) => name === className || isNamed(value, className),
  );
  const [, found] = named.find(([, value]) => isThreaded(value)) ?? named[0] ?? [];
  if (typeof found !== "function") {
    throw new Error(`${module} does not export the class ${className}; each thread imports it from there`);
  }
  if (!isThreaded(found))
    throw new Error(
      `${className} of ${module} cannot run in threads: it must extend MultiThreadedWorker or ServiceWorker`,
    );
  const instance: unknown = Reflect.construct(found, []);
  if (Reflect.get(instance as object, "taskType") === undefined && taskType !== undefined)
    Object.defineProperty(instance, "taskType", { value: taskType });
  return instance as OpenInThread;
}

function isNamed(value: unknown, name: string): boolean {
  return typeof value === "function" && value.name === name;
}

/** Looks for the method, not the base class: a loader may give the user's module its own copy of this library. */
function isThreaded(value: unknown): boolean {
  if (typeof value !== "function") return false;
  const prototype: unknown = value.prototype;
  return typeof prototype === "object" && prototype !== null && openInThread in prototype;
}

async function begin(metadata: Uint8Array, timeoutMs: number, context: string): Promise<void> {
  try {
    const instance = await loading;
    const opened = await duringHook(() =>
      instance[openInThread](index, decodePayload(metadata), isFirstRun, workerId),
    );
    const { handler, taskType, spans, close, closeTimeoutMs } = opened;
    closeHook = () => runCloseHook("closeThread", close, closeTimeoutMs, { taskType: taskType.name });
    if (isFirstRun) rehearse(taskType);
    jobs.begin(tracedHandler(handler, spans, context), taskType, timeoutMs);
    isFirstRun = false;
    open = true;
    tell({ kind: "ready" });
    work();
  } catch (error) {
    tell({ kind: "unusable", error: toErrorInfo(error) });
  }
}

/**
 * Executes items that do nothing, so that code is loaded and compiled before the first real item: 20 threads that start without this cost
 * two cores a tenth of a second. The main thread reads the outcomes and drops them.
 */
function rehearse(taskType: TaskType): void {
  const drop = (outcomes: Outcomes, transfer: ArrayBuffer[]) => {
    const message: FromThread = { kind: "rehearsal", outcomes };
    port.postMessage(message, transfer);
  };
  const rehearsal = new ThreadJobs(new JobStates(JobStates.allocate()), flushMs, drop, upcoming);
  rehearsal.begin((data) => data, taskType, 0);
  const payload = encodePayload({ text: "text", number: 1.5, list: [1], bytes: new Uint8Array(1) }, "item");
  for (let serial = 1; serial <= REHEARSALS; serial += 1) {
    rehearsal.rehearse({ serial, sourceId: "", seq: serial, attempt: 1, context: "", payload });
  }
}

/** Ends the thread: all jobs have ended, or are not needed. */
async function leave(): Promise<void> {
  open = false;
  const error = await closeHook();
  if (error !== undefined) tell({ kind: "closeFailed", error: toErrorInfo(error) });
  await printed();
  process.exit(0);
}

function work(): void {
  if (waiting) return;
  const sliceEnd = performance.now() + SLICE_MS;
  while (open) {
    const job = queue.shift() ?? poll();
    if (job === undefined) return;
    const pending = jobs.execute(job, queue.size);
    const isSliceOver = performance.now() >= sliceEnd;
    if (pending === undefined && !isSliceOver) continue;
    waiting = true;
    const resume = () => {
      waiting = false;
      work();
    };
    if (pending === undefined) setImmediate(resume);
    else void pending.then(resume);
    return;
  }
}

/** Reads messages that have arrived, without a turn of the event loop. @returns The next job. */
function poll(): Job | undefined {
  jobs.flush();
  while (queue.size === 0) {
    const received: { message: ToThread } | undefined = receiveMessageOnPort(port);
    if (received === undefined) return undefined;
    receive(received.message);
  }
  return queue.shift();
}

function tell(message: FromThread): void {
  port.postMessage(message);
}

// A module that cannot be loaded is reported at once, before the run begins.
loading.catch((error: unknown) => tell({ kind: "unusable", error: toErrorInfo(error) }));
