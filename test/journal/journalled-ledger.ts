import { resolveRetryPolicy } from "../../src/core/distributor/retry-policy.ts";
import { TaskLedger } from "../../src/core/distributor/task-ledger.ts";
import { PipelineError } from "../../src/errors.ts";
import type { Journal } from "../../src/journal/journal.ts";
import type { JournalFile } from "../../src/journal/journal-file.ts";
import type { Durability } from "../../src/journal/journal-options.ts";
import type { JournalState } from "../../src/journal/journal-state.ts";
import { openOn } from "../../src/journal/open-journal.ts";
import { MemoryFile, type Storage } from "../../src/testing/simulator/memory-file.ts";

export const AT_ONCE: Storage = { sync: (done) => done() };
export const ERROR = { name: "Error", message: "broken", stack: "at x", code: "E" };

/** The ledgers of two tasks on one journal, without a run around them. */
export class JournalledLedger<File extends JournalFile = JournalFile> {
  readonly file: File;
  readonly journal: Journal;
  readonly tasks: readonly TaskLedger[];
  #payloads = 0;
  readonly torn: number;

  constructor(file: File, durability: Durability = "process-crash", retryFailed = false) {
    this.file = file;
    const opened = openOn(file, { path: "j", durability, retryFailed, keep: false }, ["a", "b"]);
    this.journal = opened.journal;
    this.torn = opened.torn;
    this.tasks = ["a", "b"].map((name) => {
      const source = { pull: () => Buffer.from(`payload ${this.#payloads++}`) };
      const restored = opened.tasks.get(name);
      const journal = this.journal.taskJournal(name);
      const retry = resolveRetryPolicy({});
      return new TaskLedger({ name, dependencies: [], retry, timeoutMs: 0, source, restored, journal });
    });
  }

  /** Does one thing that can happen to a task, chosen by `what` from 0 to 9. */
  act(task: TaskLedger, what: number): void {
    const item = task.items.values().next().value;
    if (what < 4 || item === undefined) task.next({ id: "w" } as never, 1, 0);
    else if (what < 7) this.settle(task, [item.seq], item.place.at === "collector" ? "failed" : "acked");
    else if (what === 7 && item.place.at !== "collector") {
      if (!task.retry(item, "w", 0)) task.giveUp(item, ERROR, 0);
    } else if (what === 8 && item.place.at !== "collector") task.giveUp(item, ERROR, 0);
    else if (what === 9) this.settle(task, [item.seq], "acked");
  }

  settle(task: TaskLedger, seqs: readonly number[], as: "acked" | "failed"): void {
    for (const seq of seqs) {
      const item = task.items.get(seq);
      if (item !== undefined) task.settle(item, as);
    }
    task.spec.journal?.settled(seqs, as);
  }

  commit(): void {
    this.journal.commit((error) => {
      if (error !== undefined) throw error;
    });
  }

  /** What a resumed run would begin with. */
  get content(): unknown {
    return this.tasks.map(({ name, counts, nextSeq, items }) => ({
      name,
      counts: { ...counts },
      nextSeq,
      pending: [...items.values()].map(({ seq, payload, failures, place }) => [
        seq,
        Buffer.from(payload).toString(),
        failures,
        place.at === "collector",
      ]),
    }));
  }
}

/** What a resumed run would begin with, as read from a journal's file. */
export function contentOf(state: JournalState): unknown {
  return state.tasks.map(({ name, counts, nextSeq, pending }) => ({
    name,
    counts: { ...counts },
    nextSeq,
    pending: [...pending].map(({ seq, payload, failures, error }) => [
      seq,
      Buffer.from(payload).toString(),
      failures,
      error !== undefined,
    ]),
  }));
}

/** A small journal of several blocks, and the content of the ledgers after each block. */
export function smallJournal(): { bytes: Buffer; steps: { size: number; content: unknown }[] } {
  const ledger = new JournalledLedger(new MemoryFile(AT_ONCE));
  const steps = [{ size: ledger.file.size, content: ledger.content }];
  for (const what of [0, 1, 2, 7, 0, 5, 8, 6, 0, 9]) {
    ledger.act(ledger.tasks[what % 2] as TaskLedger, what);
    ledger.commit();
    if (ledger.file.size > (steps.at(-1)?.size ?? 0))
      steps.push({ size: ledger.file.size, content: ledger.content });
  }
  return { bytes: ledger.file.afterCrash(1), steps };
}

/** The code of the PipelineError that an action throws, or "none". */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return "none";
}
