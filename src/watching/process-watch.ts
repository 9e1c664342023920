import { isMainThread, Worker } from "node:worker_threads";
import { RoleLog } from "../logging/logger.ts";
import { ownFile } from "../self/own-file.ts";
import { ExitLock } from "./exit-lock.ts";
import type { ToWatchThread, WatchThreadData } from "./watch-messages.ts";

/** What the watching thread may need: it holds some counters, and a socket. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };

/** The thread that watches this process's main thread. It starts with the first message, and never keeps the process alive. */
class ProcessWatch {
  #thread: Worker | undefined;
  #hasStarted = false;
  #ids = 0;

  nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  post(message: ToWatchThread): void {
    if (!this.#hasStarted) this.#start();
    this.#thread?.postMessage(message);
  }

  #start(): void {
    this.#hasStarted = true;
    const exitLock = new ExitLock();
    const workerData: WatchThreadData = { exitLock: exitLock.memory };
    try {
      this.#thread = new Worker(ownFile("watching/watch-entry.js"), {
        workerData,
        name: "zmqpipeline watch",
        // Nothing of the program's is loaded into it, and nothing that it might print is seen.
        execArgv: [],
        env: {},
        stdout: true,
        stderr: true,
        resourceLimits: LIMITS,
      });
    } catch (error) {
      return this.#failed(error); // no more threads, or none are permitted
    }
    this.#thread.once("error", (error) => this.#failed(error));
    this.#thread.unref();
    process.once("exit", () => exitLock.close());
  }

  /** The process works on, as before there was such a thread. */
  #failed(error: unknown): void {
    this.#thread = undefined;
    const reason = error instanceof Error ? error.message : String(error);
    new RoleLog("worker").write("warn", "no thread watches this process", { reason });
  }
}

/** One for all copies of this library in a process: a loader may give the user's module one of its own. */
const KEY = Symbol.for("zmqpipeline.watch/1");
const shared = globalThis as { [KEY]?: ProcessWatch };
shared[KEY] ??= new ProcessWatch();

/** The watching thread of this process. Nothing in a thread: its main thread is another one's business. */
export function processWatch(): ProcessWatch | undefined {
  return isMainThread ? shared[KEY] : undefined;
}

/** This process ends with its parent, also while its main thread is blocked: when the pipe on this descriptor is at its end. */
export function endWithParent(fd: number): void {
  processWatch()?.post({ type: "parent", fd });
}

/** Somebody replaces this process when it dies: it may kill itself to get out of an item that is over its timeout. */
export function becomeReplaceable(): void {
  processWatch()?.post({ type: "replaceable" });
}
