import { isMainThread, Worker } from "node:worker_threads";
import { RoleLog } from "../logging/logger.ts";
import { ownFile } from "../self/own-file.ts";
import { ExitLock } from "./exit-lock.ts";
import type { ToWatchThread, WatchThreadData } from "./watch-messages.ts";

/** Memory limits of the watching thread, which holds some counters and a socket. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };

/** The thread that watches this process's main thread. It starts with the first message and does not keep the process alive. */
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
        // The program's preloaded modules are not loaded into the thread, and its output is not shown.
        execArgv: [],
        env: {},
        stdout: true,
        stderr: true,
        resourceLimits: LIMITS,
      });
    } catch (error) {
      return this.#failed(error); // the system has no more threads, or the permission model forbids them
    }
    this.#thread.once("error", (error) => this.#failed(error));
    this.#thread.unref();
    process.once("exit", () => exitLock.close());
  }

  /** The process works on, without being watched. */
  #failed(error: unknown): void {
    this.#thread = undefined;
    const reason = error instanceof Error ? error.message : String(error);
    new RoleLog("worker").write(
      "warn",
      "this process works on without a watching thread: its blocked handlers are not reported",
      { reason },
    );
  }
}

/** One watch for all copies of this library in a process: a loader may give the user's module its own copy. */
const KEY = Symbol.for("zmqpipeline.watch/1");
const shared = globalThis as { [KEY]?: ProcessWatch };
shared[KEY] ??= new ProcessWatch();

/** The watch of this process. Nothing in worker threads: only the main thread is watched. */
export function processWatch(): ProcessWatch | undefined {
  return isMainThread ? shared[KEY] : undefined;
}

/** Makes this process end with its parent, when the pipe on this descriptor ends, also while the main thread is blocked. */
export function endWithParent(fd: number): void {
  processWatch()?.post({ type: "parent", fd });
}

/** Lets this process kill itself when an item that is over its timeout blocks it: the parent starts another one. */
export function becomeReplaceable(): void {
  processWatch()?.post({ type: "replaceable" });
}
