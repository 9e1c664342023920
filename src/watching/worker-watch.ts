import type { RunningNote } from "../executor/running-note.ts";
import { processWatch } from "./process-watch.ts";
import type { ReportTo } from "./watch-messages.ts";

/** Absent in some builds of Node. */
const inspector = process.features.inspector ? process.getBuiltinModule("node:inspector") : undefined;

/** Lets the watching thread watch a worker whose handler runs on the main thread and may block it. */
export class WorkerWatch {
  readonly #note: RunningNote;
  readonly #id: number | undefined;
  readonly #report: ReportTo | undefined;
  #isKnown = false;

  /** @param report - The distributor to which a blocked worker is reported; absent: it is not reported. */
  constructor(note: RunningNote, report: ReportTo | undefined) {
    this.#note = note;
    this.#report = report;
    this.#id = processWatch()?.nextId();
  }

  /**
   * A run begins, and items may come.
   *
   * @param ticket - The worker's ticket in it; empty: none.
   * @param timeoutMs - Longest execution; 0: unlimited.
   */
  begin(runId: string, ticket: string, timeoutMs: number): void {
    const id = this.#id;
    if (id === undefined) return;
    if (!this.#isKnown)
      processWatch()?.post({ type: "watch", id, memory: this.#note.memory, report: this.#report });
    this.#isKnown = true;
    processWatch()?.post({ type: "begin", id, runId, ticket, timeoutMs });
  }

  /** Call it while the event loop runs: the main thread is not blocked. */
  beat(): void {
    this.#note.beat(inspector?.url() !== undefined);
  }

  /** @returns Whether the worker was reported as blocked since the last call: then its distributor waits for a message from it. */
  takeReported(): boolean {
    return this.#note.takeReported();
  }

  close(): void {
    if (this.#isKnown && this.#id !== undefined) processWatch()?.post({ type: "forget", id: this.#id });
    this.#isKnown = false;
  }
}
