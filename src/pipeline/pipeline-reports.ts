import { type Collector, logsFailure } from "../collector/collector.ts";
import type { RunProgress, RunSummary } from "../distributor/run-summary.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import type { PipelineReports } from "./pipeline-options.ts";
import type { ReportPatience } from "./report-patience.ts";

/** Often enough for the eye, and rare enough to cost nothing, in ms. */
const INTERVAL_MS = 100;

/** The run that is reported on. */
interface ReportedRun {
  readonly progress: RunProgress;
  abort(): Promise<void>;
}

/** Adds `onFailure` to a collector, behind its own `handleFailure()`, whose default then writes no failure to the log. */
export function reportFailures(
  collector: Collector<object, object, object>,
  onFailure: PipelineReports["onFailure"],
): Collector<object, object, object> {
  if (onFailure === undefined) return collector;
  collector[logsFailure] = () => false;
  const handleFailure = collector.handleFailure.bind(collector);
  collector.handleFailure = async (failure, taskType) => {
    await handleFailure(failure, taskType);
    await onFailure(failure);
  };
  return collector;
}

/**
 * Runs to the end, and reports it.
 *
 * @param patience - Ends the waiting for functions of a run that is stopped.
 * @throws The error of the run, or what one of the functions threw. An error of `onProgress` ends the run at once.
 */
export async function withReports(
  run: ReportedRun,
  { onProgress, onFinished }: Omit<PipelineReports, "onFailure">,
  begin: () => Promise<RunSummary>,
  patience: ReportPatience,
): Promise<RunSummary> {
  const ticker = onProgress === undefined ? undefined : new ProgressTicker(run, onProgress);
  let summary: RunSummary;
  try {
    ticker?.start();
    summary = await begin();
  } finally {
    ticker?.stop();
  }
  if (ticker !== undefined) await patience.wait("onProgress", ticker.end());
  if (onFinished !== undefined) await patience.wait("onFinished", onFinished(summary));
  return summary;
}

/** Calls `onProgress` when the progress has changed. */
class ProgressTicker {
  readonly #run: ReportedRun;
  readonly #onProgress: (progress: RunProgress) => unknown;
  /** The progress that was reported last. */
  #reported = "";
  #timer: NodeJS.Timeout | undefined;
  #pending: Promise<unknown> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(run: ReportedRun, onProgress: (progress: RunProgress) => unknown) {
    this.#run = run;
    this.#onProgress = onProgress;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Reports the last state. @throws What `onProgress` has thrown in this run. */
  async end(): Promise<void> {
    await this.#pending;
    if (this.#failure === undefined) await this.#onProgress(this.#run.progress);
    else throw this.#failure.error;
  }

  #tick(): void {
    if (this.#pending !== undefined || this.#failure !== undefined) return;
    const { progress } = this.#run;
    // Not the pace: it changes with time.
    const state = JSON.stringify(progress, (name, value: unknown) => (name === "pace" ? undefined : value));
    if (state === this.#reported) return;
    this.#reported = state;
    try {
      const returned = this.#onProgress(progress);
      if (!isPromiseLike(returned)) return;
      this.#pending = Promise.resolve(returned).then(
        () => {
          this.#pending = undefined;
        },
        (error) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    void this.#run.abort();
  }
}
