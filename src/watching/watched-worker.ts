import { type NotedItem, RunningNoteReader } from "../executor/running-note.ts";
import { BlockDetector, type BlockReport } from "./block-detector.ts";
import type { BlockReporter } from "./block-reporter.ts";
import type { ExitLock } from "./exit-lock.ts";
import type { ReportTo } from "./watch-messages.ts";

/** One worker of the process, as the watching thread sees it. */
export class WatchedWorker {
  readonly #note: RunningNoteReader;
  readonly #detector: BlockDetector;
  readonly #to: ReportTo | undefined;
  readonly #exitLock: ExitLock;
  readonly #stuck: () => void;
  #reporter: BlockReporter | undefined;
  #run: { readonly runId: string; readonly ticket: string } | undefined;
  #isForgotten = false;

  /** @param stuck - Called when only the end of the process can free its main thread, after the distributor was told. */
  constructor(memory: SharedArrayBuffer, to: ReportTo | undefined, exitLock: ExitLock, stuck: () => void) {
    this.#note = new RunningNoteReader(memory);
    this.#detector = new BlockDetector(this.#note);
    this.#to = to;
    this.#exitLock = exitLock;
    this.#stuck = stuck;
  }

  begin(runId: string, ticket: string, timeoutMs: number): void {
    this.#run = { runId, ticket };
    this.#detector.timeoutMs = timeoutMs;
  }

  /** @param elapsedMs - Time since the last look. */
  look(elapsedMs: number): void {
    if (this.#run === undefined) return;
    const report = this.#detector.look(elapsedMs);
    if (report !== undefined) void this.#report(this.#run, report);
  }

  forget(): void {
    this.#isForgotten = true;
    this.#reporter?.close();
  }

  async #report(
    run: { readonly runId: string; readonly ticket: string },
    report: BlockReport,
  ): Promise<void> {
    const { expired, isStuck, isAmbiguous } = report;
    const running = isAmbiguous ? await this.#blockingOf(report.running) : report.running;
    if (isAmbiguous && this.#detector.hasGoneOn) return;
    this.#note.markReported();
    if (this.#to !== undefined) {
      // Loaded only now, because most workers are never blocked.
      const { BlockReporter } = await import("./block-reporter.ts");
      if (this.#isForgotten) return;
      this.#reporter ??= new BlockReporter(this.#to, this.#exitLock);
      const items = running.map(({ seq, attempt }) => ({ seq, attempt }));
      await this.#reporter.send({ ...run, running: items, expired });
    }
    if (isStuck) this.#stuck();
    // The main thread's answer may have overtaken the report: makes it answer again.
    if (this.#detector.hasGoneOn) this.#note.markReported();
  }

  /** The one of the pending items whose code blocks the main thread; all of them when that cannot be found out. */
  async #blockingOf(pending: readonly NotedItem[]): Promise<readonly NotedItem[]> {
    const { askScopedItem } = await import("./scoped-item.ts");
    const scoped = await askScopedItem();
    if (scoped?.note !== this.#note.number) return pending;
    const found = pending.filter(({ seq, attempt }) => seq === scoped.seq && attempt === scoped.attempt);
    return found.length === 0 ? pending : found;
  }
}
