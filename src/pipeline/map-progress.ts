import type { RunProgress, TaskProgress } from "../distributor/run-summary.ts";
import { RoleLog } from "../logging/logger.ts";
import { describeThrown } from "../protocol/thrown.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import type { ProgressView } from "../terminal/progress-view.ts";
import type { MapOptions, MapProgress } from "./map-options.ts";

/** Often enough for the eye, and rare enough to cost nothing, in ms. */
const INTERVAL_MS = 100;

/** Reports how far a `map()` is, to the caller's function and as a bar on a terminal. */
export class MapProgressReports {
  readonly #onProgress: MapOptions["onProgress"];
  readonly #draws: boolean;
  readonly #total: number | undefined;
  readonly #read: () => TaskProgress | undefined;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #view: ProgressView | undefined;
  #isOver = false;
  #failed: (error: unknown) => void = () => {};
  /** The counts that were reported last. */
  #reported = "";

  constructor(options: MapOptions, total: number | undefined, read: () => TaskProgress | undefined) {
    this.#onProgress = options.onProgress;
    this.#draws = options.progress === true && process.stderr.isTTY === true;
    this.#total = total;
    this.#read = read;
  }

  /** @param failed - Called with what the caller's function threw, or its promise was rejected with. */
  start(failed: (error: unknown) => void): void {
    this.#failed = failed;
    this.#startedAt = performance.now();
    if (this.#draws) this.#show().catch(failed);
    if (this.#onProgress === undefined) return;
    this.#timer = setInterval(() => {
      try {
        this.#report();
      } catch (error) {
        failed(error);
      }
    }, INTERVAL_MS).unref();
  }

  /** Removes the bar, so that something else can be written. It is drawn again soon. */
  erase(): void {
    this.#view?.erase();
  }

  /** Reports the last state. Later calls do nothing. @returns What the caller's function threw. */
  end(): { readonly error: { readonly thrown: unknown } } | undefined {
    this.#isOver = true;
    this.#view?.end();
    if (this.#timer === undefined) return undefined;
    clearInterval(this.#timer);
    this.#timer = undefined;
    try {
      this.#call(this.#progress());
      return undefined;
    } catch (thrown) {
      return { error: { thrown } };
    }
  }

  /** Draws the bar from now on. What draws it is loaded late, so that programs without a bar begin sooner. */
  async #show(): Promise<void> {
    const { ProgressView } = await import("../terminal/progress-view.ts");
    if (this.#isOver) return;
    const streams = [process.stdout, process.stderr];
    this.#view = new ProgressView(process.stderr, () => this.#run(), process.env, streams);
  }

  #report(): void {
    const progress = this.#progress();
    const { duration: _duration, ...counts } = progress;
    const state = JSON.stringify({ ...counts, rate: 0, timeLeft: 0 }); // those two change all the time
    if (state === this.#reported) return;
    this.#reported = state;
    this.#call(progress);
  }

  #call(progress: MapProgress): void {
    const returned: unknown = this.#onProgress?.(progress);
    if (!isPromiseLike(returned)) return;
    Promise.resolve(returned).catch((error: unknown) => {
      if (!this.#isOver) return this.#failed(error);
      new RoleLog("distributor").warn("onProgress failed after the end", { problem: describeThrown(error) });
    });
  }

  #progress(): MapProgress {
    const { acked = 0, failed = 0, skipped = 0, inFlight = 0, workers = 0, pace } = this.#read() ?? {};
    const duration = performance.now() - this.#startedAt;
    const counts = { total: this.#total, completed: acked, failed, skipped, inFlight, workers };
    return { ...counts, duration, rate: pace?.rate, timeLeft: pace?.timeLeft };
  }

  /** The run as its only task. */
  #run(): RunProgress {
    const task = this.#read();
    if (task === undefined) return { workers: 0, tasks: {} };
    return { workers: task.workers, tasks: { map: { ...task, total: this.#total ?? task.total } } };
  }
}
