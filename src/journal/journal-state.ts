import type { PendingItem, TaskSnapshot } from "../core/distributor/task-snapshot.ts";
import type { ErrorInfo } from "../protocol/batch-message.ts";
import { itemNumber, nextGeneration } from "../protocol/generation.ts";
import { SeqMap } from "../structures/seq-map.ts";
import { ContentTrail } from "./content-trail.ts";
import type { FileId } from "./file-mark.ts";
import type { PlacedRecord } from "./journal-reader.ts";
import type { JournalRecord } from "./journal-record.ts";
import { KeySet } from "./key-set.ts";

/** The place of a record in the file. */
export interface FilePlace {
  readonly position: number;
  readonly length: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A task's state, rebuilt from its records. */
export class TaskReplay implements TaskSnapshot {
  readonly name: string;
  readonly counts = { items: 0, acked: 0, failed: 0, retried: 0, skipped: 0 };
  position = 0;
  nextSeq = 0;
  firstSeq = 0;
  exhausted = false;
  /** All items were settled and the source was exhausted, so the source is not read again. */
  isOver = false;
  isKeyed = false;
  /** The trail of what the source gave. Unused in a task with keys. */
  trail = new ContentTrail();
  readonly keys = new KeySet();
  /** The records of items that failed for good. */
  readonly failures = new SeqMap<FilePlace>();
  /** Those of the failures that belong to earlier increments, and are not of the first generation. */
  earlier = new Set<number>();
  readonly #pending = new SeqMap<Writable<PendingItem>>();

  constructor(name: string) {
    this.name = name;
  }

  get pending(): Iterable<PendingItem> {
    return this.#pending.values();
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Whether the source gave items in this increment, so that the tasks it depends on were complete. */
  get hasBegun(): boolean {
    return this.position > 0;
  }

  produced(seq: number, payload: Uint8Array, key?: Uint8Array): void {
    if (key === undefined) this.trail.add(payload);
    else this.keys.restore(Buffer.from(key), false);
    this.nextSeq = Math.max(this.nextSeq, itemNumber(seq) + 1);
    this.position += 1;
    this.counts.items += 1;
    this.#add(seq, payload);
  }

  retried(seq: number, history: Omit<PendingItem, "seq" | "payload" | "error">): void {
    const item = this.#pending.get(seq);
    this.counts.retried += 1;
    if (item === undefined) return;
    const { attempt, failedAttempt, failures, losses } = history;
    Object.assign(item, { attempt, failedAttempt, failures, losses });
  }

  gaveUp(seq: number, attempts: number, error: ErrorInfo, place: FilePlace): void {
    this.failures.set(seq, place);
    const item = this.#pending.get(seq);
    if (item === undefined) return;
    item.error = error;
    item.failures = attempts - item.losses;
  }

  settled(seqs: readonly number[], as: "acked" | "failed"): void {
    for (const seq of seqs) {
      if (!this.#pending.delete(seq)) continue;
      this.counts[as] += 1;
      // A late result arrived before the failure was reported.
      if (as === "acked") this.failures.delete(seq);
    }
  }

  /** Makes a failed item pending again, in its next generation. */
  takeUp(seq: number, payload: Uint8Array): void {
    const next = nextGeneration(seq);
    this.failures.delete(seq);
    // An item whose failure the collector had not confirmed is still pending, and not counted as failed.
    if (!this.#pending.delete(seq)) {
      if (seq < this.firstSeq || this.earlier.delete(seq))
        this.counts.items += 1; // it was counted in an earlier increment
      else this.counts.failed -= 1;
    }
    this.#add(next, payload);
  }

  /** Begins the next increment after everything was settled: counts start at 0, sequence numbers continue, keys are kept. */
  beginIncrement(): void {
    Object.assign(this.counts, { items: 0, acked: 0, failed: 0, retried: 0, skipped: 0 });
    Object.assign(this, { position: 0, firstSeq: this.nextSeq, exhausted: false, isOver: false });
    this.trail = new ContentTrail();
    this.earlier = new Set(
      [...this.failures.entries()].map(([seq]) => seq).filter((seq) => seq >= this.firstSeq),
    );
    this.keys.keep();
  }

  #add(seq: number, payload: Uint8Array): void {
    // Copied, because a view would keep the whole block in memory.
    const item = {
      seq,
      payload: Uint8Array.from(payload),
      attempt: 0,
      failedAttempt: 0,
      failures: 0,
      losses: 0,
    };
    this.#pending.set(seq, item);
  }
}

/** The state of a run, rebuilt from the records of its journal. */
export class JournalState {
  runId = "";
  /** When the run began, in ms since 1970. */
  begun = 0;
  metadata: Uint8Array | undefined;
  tasks: TaskReplay[] = [];
  /** The file in which the journal was closed; nothing when its last process did not close it. */
  closedIn: FileId | undefined;

  /** @returns False when the record cannot follow those before it. */
  apply({ record, position, length }: PlacedRecord): boolean {
    if (record.type === "run") {
      if (this.runId !== "") return false;
      this.runId = record.runId;
      this.begun = record.begun;
      this.tasks = record.tasks.map((name) => new TaskReplay(name));
      return true;
    }
    if (this.runId === "") return false;
    this.closedIn = record.type === "closed" ? record : undefined;
    if (record.type === "closed") return true;
    if (record.type === "metadata") {
      this.metadata = Uint8Array.from(record.payload);
      return true;
    }
    const task = this.tasks[record.task];
    if (task !== undefined) applyTo(task, record, { position, length });
    return task !== undefined;
  }
}

function applyTo(
  task: TaskReplay,
  record: Exclude<JournalRecord, { type: "run" | "metadata" | "closed" }>,
  place: FilePlace,
): void {
  if (record.type === "item") task.produced(record.seq, record.payload);
  else if (record.type === "keyedItem") task.produced(record.seq, record.payload, record.key);
  else if (record.type === "exhausted") {
    task.exhausted = true;
    task.counts.skipped = record.skipped;
  } else if (record.type === "retried") task.retried(record.seq, record);
  else if (record.type === "gaveUp") task.gaveUp(record.seq, record.attempts, record.error, place);
  else if (record.type === "totals") {
    const { items, acked, failed, retried, skipped, ...rest } = record;
    const { position, nextSeq, firstSeq, exhausted, isOver, isKeyed } = rest;
    Object.assign(task.counts, { items, acked, failed, retried, skipped });
    Object.assign(task, { position, nextSeq, firstSeq, exhausted, isOver, isKeyed });
    task.trail = new ContentTrail(); // the items before this record are not all that the source gave
  } else if (record.type === "trail") task.trail = ContentTrail.from(record);
  else if (record.type === "keys") task.keys.restore(Buffer.from(record.hashes), record.isKept);
  else if (record.type === "earlier") task.earlier = new Set(record.seqs);
  else task.settled(record.seqs, record.type);
}
