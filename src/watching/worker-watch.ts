import type { RunningNote } from "../executor/running-note.ts";
import { processWatch } from "./process-watch.ts";
import type { ReportTo } from "./watch-messages.ts";

/** Some builds of Node have none. */
const inspector = process.features.inspector ? process.getBuiltinModule("node:inspector") : undefined;

/** Has a worker watched whose handler runs on the main thread, and may block it. */
export class WorkerWatch {
  readonly #note: RunningNote;
  readonly #id: number | undefined;
  readonly #report: ReportTo | undefined;
  #isKnown = false;

  /** @param report - Where it is reported; absent: nowhere. */
  constructor(note: RunningNote, report: ReportTo | undefined) {
    this.#note = note;
    this.#report = report;
    this.#id = processWatch()?.nextId();
  }

  /** A run begins, and items may come. @param timeout - Longest execution in ms; 0: unlimited. */
  begin(runId: string, timeout: number): void {
    const id = this.#id;
    if (id === undefined) return;
    if (!this.#isKnown)
      processWatch()?.post({ type: "watch", id, memory: this.#note.memory, report: this.#report });
    this.#isKnown = true;
    processWatch()?.post({ type: "begin", id, runId, timeout });
  }

  /** The event loop has a turn. */
  beat(): void {
    this.#note.beat(inspector?.url() !== undefined);
  }

  /** Whether the worker was reported as blocked since the last call: its distributor waits to hear from it. */
  takeReported(): boolean {
    return this.#note.takeReported();
  }

  close(): void {
    if (this.#isKnown && this.#id !== undefined) processWatch()?.post({ type: "forget", id: this.#id });
    this.#isKnown = false;
  }
}
