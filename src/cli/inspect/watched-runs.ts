import { announcedRuns } from "../../pipeline/run-folder.ts";
import type { InspectOptions } from "./inspect-options.ts";
import type { ReportLayout } from "./report-text.ts";
import { WatchedRun } from "./watched-run.ts";

/** A run on the list answers within this time, in ms, or is said not to answer. */
const TIMEOUT_MS = 2000;

/** How many runs that are over stay on the list. */
const MAX_OVER = 10;

/** All runs of this user on this machine: those that begin are added, those that end stay for a while with what became of them. */
export class WatchedRuns implements AsyncDisposable {
  readonly #options: InspectOptions;
  /** By the folder of the run. */
  readonly #runs = new Map<string, WatchedRun>();

  constructor(options: InspectOptions) {
    this.#options = { ...options, timeout: Math.min(options.timeout, TIMEOUT_MS) };
  }

  /** The runs, those that are over last. */
  get all(): readonly WatchedRun[] {
    const runs = [...this.#runs.values()];
    return [...runs.filter(({ isOver }) => !isOver), ...runs.filter(({ isOver }) => isOver)];
  }

  /** Looks for new runs, and asks all of them. */
  async look(): Promise<void> {
    for (const entry of await announcedRuns()) {
      if (this.#runs.has(entry.folder)) continue;
      this.#runs.set(entry.folder, new WatchedRun(entry.endpoint, this.#options, entry));
    }
    await Promise.all([...this.#runs.values()].map((run) => run.look()));
    await this.#forget();
  }

  lines(layout: ReportLayout): string[] {
    const { all } = this;
    if (all.length === 0) return ["no run, pool or service of yours on this machine"];
    const isAlone = all.length === 1;
    return all.flatMap((run, index) => [...(index === 0 ? [] : [""]), ...run.listLines(layout, isAlone)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run[Symbol.asyncDispose]()));
  }

  async #forget(): Promise<void> {
    const over = [...this.#runs].filter(([, { isOver }]) => isOver);
    for (const [folder, run] of over.slice(0, Math.max(0, over.length - MAX_OVER))) {
      this.#runs.delete(folder);
      await run[Symbol.asyncDispose]();
    }
  }
}
