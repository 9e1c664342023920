import type { TaskProgress } from "../distributor/run-summary.ts";
import type { MapOptions, MapProgress } from "./map-options.ts";

/** Often enough for the eye, and rare enough to cost nothing, in ms. */
const INTERVAL_MS = 100;

const BAR_CHARACTERS = 24;

/** Reports how far a `map()` is, to the caller's function and as a bar on a terminal. */
export class MapProgressReports {
  readonly #onProgress: MapOptions["onProgress"];
  readonly #draws: boolean;
  readonly #total: number | undefined;
  readonly #read: () => TaskProgress | undefined;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #isDrawn = false;
  /** The counts that were reported last. */
  #reported = "";

  constructor(options: MapOptions, total: number | undefined, read: () => TaskProgress | undefined) {
    this.#onProgress = options.onProgress;
    this.#draws = options.progress === true && process.stderr.isTTY === true;
    this.#total = total;
    this.#read = read;
  }

  /** @param failed - Called with what the caller's function threw. */
  start(failed: (error: unknown) => void): void {
    if (this.#onProgress === undefined && !this.#draws) return;
    this.#startedAt = performance.now();
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
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    process.stderr.write("\r\u001b[2K");
  }

  /** Reports the last state. Later calls do nothing. @returns What the caller's function threw. */
  end(): { readonly error: { readonly thrown: unknown } } | undefined {
    if (this.#timer === undefined) return undefined;
    clearInterval(this.#timer);
    this.#timer = undefined;
    try {
      const progress = this.#progress();
      if (this.#draws) {
        this.#draw(progress);
        process.stderr.write("\n");
      }
      this.#onProgress?.(progress);
      return undefined;
    } catch (thrown) {
      return { error: { thrown } };
    }
  }

  #report(): void {
    const progress = this.#progress();
    if (this.#draws) this.#draw(progress);
    const { duration: _duration, ...counts } = progress;
    const state = JSON.stringify(counts);
    if (state === this.#reported) return;
    this.#reported = state;
    this.#onProgress?.(progress);
  }

  #progress(): MapProgress {
    const { acked = 0, failed = 0, skipped = 0, inFlight = 0, workers = 0 } = this.#read() ?? {};
    const duration = performance.now() - this.#startedAt;
    return { total: this.#total, completed: acked, failed, skipped, inFlight, workers, duration };
  }

  #draw(progress: MapProgress): void {
    const width = Math.max(20, process.stderr.columns ?? 80);
    process.stderr.write(`\r\u001b[2K${progressLine(progress).slice(0, width - 1)}`);
    this.#isDrawn = true;
  }
}

/** One line for a terminal. */
function progressLine({ total, completed, failed, skipped, duration }: MapProgress): string {
  const done = completed + failed + skipped;
  const seconds = Math.floor(duration / 1000);
  const elapsed = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const failures = failed === 0 ? "" : `  ${failed.toLocaleString("en")} failed`;
  if (total === undefined || total === 0) return `${done.toLocaleString("en")} done${failures}  ${elapsed}`;
  const part = Math.min(1, done / total);
  const filled = Math.floor(part * BAR_CHARACTERS);
  const bar = "█".repeat(filled) + "░".repeat(BAR_CHARACTERS - filled);
  const counts = `${done.toLocaleString("en")}/${total.toLocaleString("en")}`;
  return `${bar}  ${counts} (${Math.floor(part * 100)} %)${failures}  ${elapsed}`;
}
