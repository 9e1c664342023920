import { randomBytes } from "node:crypto";
import type { TaskJournal } from "../core/distributor/task-journal.ts";
import type { TaskLedger } from "../core/distributor/task-ledger.ts";
import type { PipelineError } from "../errors.ts";
import { ByteReader } from "../protocol/wire/byte-reader.ts";
import { SeqMap } from "../structures/seq-map.ts";
import { BlockWriter } from "./block-writer.ts";
import type { ContentTrail } from "./content-trail.ts";
import { encodeHeader } from "./journal-block.ts";
import type { FileState, JournalFile } from "./journal-file.ts";
import { type Durability, writeFailed } from "./journal-options.ts";
import { type JournalRecord, readRecord, type StoredHistory, type TaskTotals } from "./journal-record.ts";
import type { FilePlace } from "./journal-state.ts";
import type { KeySet } from "./key-set.ts";

/** Smallest size at which a journal is compacted, in bytes. */
const COMPACT_BYTES = 32 * 1024 * 1024;

/** Factor by which a journal must have grown since it was last compacted. */
const COMPACT_FACTOR = 4;

/** What is told of a file that was written anew. */
const HAPPENED: Readonly<Record<Exclude<FileState, "whole" | "replaced">, string>> = {
  gone: "the journal was removed or renamed while its run goes on: it was written anew",
  changed: "another process changed the journal while its run goes on: it was written anew",
};

/** The parts of a task's state that only the journal needs. */
interface TaskPart {
  readonly name: string;
  /** Number of items that the source did not give in this increment, but in earlier ones. */
  readonly takenUp: number;
  readonly firstSeq: number;
  readonly isOver: boolean;
  readonly isKeyed: boolean;
  readonly trail: ContentTrail;
  readonly keys: KeySet;
  /** Failed items of a later generation whose failures belong to earlier increments. */
  readonly earlier: ReadonlySet<number>;
  exhausted: boolean;
  failures: SeqMap<FilePlace>;
}

/** A task's content in a compacted journal. */
export interface TaskContent extends Omit<TaskTotals, "position"> {
  readonly takenUp: number;
  readonly trail: ContentTrail;
  readonly keys: KeySet;
  readonly earlier: ReadonlySet<number>;
  readonly pending: Iterable<{ readonly seq: number; readonly payload: Uint8Array } & StoredHistory>;
  readonly failures: SeqMap<FilePlace>;
}

export interface JournalBeginning {
  readonly runId: string;
  readonly begun: number;
  readonly metadata: Uint8Array | undefined;
  readonly tasks: ReadonlyMap<string, TaskContent>;
}

/**
 * The journal of a run, open for writing. It collects records and writes them before a message that depends on them is sent. Writing to
 * the operating system is synchronous, waiting for the disk is not.
 */
export class Journal {
  readonly #file: JournalFile;
  readonly #path: string;
  readonly #durability: Durability;
  readonly #run: { readonly runId: string; readonly begun: number };
  #metadata: Uint8Array | undefined;
  readonly #parts: TaskPart[];
  #mark: Uint8Array = new Uint8Array(0);
  readonly #blocks = new BlockWriter();
  /** Length of the part of the file that is on the disk, in bytes. */
  #synced = 0;
  #syncing = false;
  #compactAt = 0;
  /** A call of {@link tidy} that waits for the end of a flush. */
  #postponed: (() => void) | undefined;
  #error: PipelineError | undefined;

  /**
   * Replaces the file by a compacted one with the given beginning.
   *
   * @throws PipelineError `JOURNAL_WRITE_FAILED`.
   */
  constructor(file: JournalFile, path: string, durability: Durability, beginning: JournalBeginning) {
    this.#file = file;
    this.#path = path;
    this.#durability = durability;
    this.#run = beginning;
    this.#metadata = beginning.metadata;
    this.#parts = [...beginning.tasks].map(([name, content]) => {
      const { takenUp, firstSeq, isOver, isKeyed, trail, keys, earlier, exhausted, failures } = content;
      return { name, takenUp, firstSeq, isOver, isKeyed, trail, keys, earlier, exhausted, failures };
    });
    this.#compact(beginning.tasks);
    if (this.#error !== undefined) throw this.#error;
  }

  /** Whether records wait to be committed. */
  get isDirty(): boolean {
    return !this.#blocks.isEmpty;
  }

  metadataArrived(payload: Uint8Array): void {
    this.#metadata = payload;
    this.#blocks.add({ type: "metadata", payload });
  }

  taskJournal(name: string): TaskJournal {
    const task = this.#parts.findIndex((part) => part.name === name);
    const part = this.#parts[task] as TaskPart;
    return {
      produced: ({ seq, payload }, key) => {
        if (key === undefined) {
          part.trail.add(payload);
          this.#blocks.add({ type: "item", task, seq, payload });
        } else this.#blocks.add({ type: "keyedItem", task, seq, key, payload });
      },
      exhausted: (skipped) => {
        part.exhausted = true;
        this.#blocks.add({ type: "exhausted", task, skipped });
      },
      retried: ({ seq, attempt, failedAttempt, failures, losses }) =>
        this.#blocks.add({ type: "retried", task, seq, attempt, failedAttempt, failures, losses }),
      gaveUp: ({ seq, failures, losses, payload }, error) => {
        const record = { type: "gaveUp", task, seq, attempts: failures + losses, error, payload } as const;
        const { offset, length } = this.#blocks.add(record);
        part.failures.set(seq, { position: this.#file.size + offset, length });
      },
      settled: (seqs, as) => {
        this.#blocks.add({ type: as, task, seqs });
        if (as === "acked" && part.failures.size > 0) for (const seq of seqs) part.failures.delete(seq);
      },
    };
  }

  /**
   * Makes all records as durable as the options ask. Only one commit may run at a time.
   *
   * @param done - Called before `commit` returns if there is nothing to wait for.
   */
  commit(done: (error: PipelineError | undefined) => void): void {
    if (this.#error === undefined && this.isDirty) this.#write();
    if (this.#error !== undefined || this.#durability === "process-crash") return done(this.#error);
    const { size } = this.#file;
    if (size === this.#synced) return done(undefined);
    this.#syncing = true;
    this.#file.sync((error) => {
      this.#syncing = false;
      if (error === null) this.#synced = size;
      else this.#error ??= writeFailed(this.#path, error);
      this.#postponed?.(); // under load, the next flush begins at once
      done(this.#error);
    });
  }

  /**
   * Compacts the journal once it is much longer than its compacted form. Writes it anew if its file was removed or changed meanwhile.
   *
   * @param mended - Called when the file was written anew, with what had happened to it.
   * @returns The error, if there was one.
   */
  tidy(tasks: Iterable<TaskLedger>, mended: (what: string) => void): PipelineError | undefined {
    this.#postponed = this.#syncing ? () => this.tidy(tasks, mended) : undefined;
    if (this.#syncing || this.#error !== undefined) return this.#error;
    const { state } = this.#file;
    if (state === "whole" && this.#file.size < this.#compactAt) return undefined;
    if (this.isDirty) this.#write();
    if (this.#error === undefined) this.#compact(this.#content(tasks));
    if (this.#error === undefined && (state === "gone" || state === "changed")) mended(HAPPENED[state]);
    return this.#error;
  }

  /** Writes nothing more, because the journal is another process's by now. */
  giveUp(error: PipelineError): void {
    this.#error ??= error;
  }

  /** Writes what is left, and that nothing is missing behind it. */
  close(): void {
    const { number, born } = this.#file.mark;
    this.#blocks.add({ type: "closed", number, born });
    if (this.#error === undefined) this.#write();
    this.#file.close();
  }

  #write(): void {
    const { size } = this.#file;
    const parts = this.#blocks.take(this.#mark, size, (position) =>
      this.#durability === "process-crash" ? position : this.#synced,
    );
    this.#attempt(() => this.#file.append(parts));
  }

  /** Tries to write. After a failed write the content of the file is unknown, so nothing more is written. */
  #attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#error = writeFailed(this.#path, error);
    }
  }

  #content(tasks: Iterable<TaskLedger>): Map<string, TaskContent> {
    const states = new Map([...tasks].map((task) => [task.name, task]));
    return new Map(
      this.#parts.map(({ name, ...part }) => {
        const { counts, nextSeq, items } = states.get(name) as TaskLedger;
        return [name, { ...counts, ...part, nextSeq, pending: items.values() }];
      }),
    );
  }

  #compact(tasks: ReadonlyMap<string, TaskContent>): void {
    const mark = randomBytes(4);
    const moved = [...tasks.values()].map(() => new SeqMap<FilePlace>());
    this.#attempt(() =>
      this.#file.replace((append) => {
        const header = encodeHeader(mark);
        append([header]);
        let position = header.length;
        const blocks = new BlockWriter();
        const flush = () => {
          const at = position;
          const parts = blocks.take(mark, position, () => at);
          for (const part of parts) position += part.length;
          append(parts);
        };
        for (const record of this.#opening(tasks)) {
          blocks.add(record);
          if (blocks.isFull) flush();
        }
        [...tasks.values()].forEach(({ failures }, task) => {
          for (const [seq, place] of failures.entries()) {
            const { offset, length } = blocks.addEncoded(this.#failure(seq, place));
            moved[task]?.set(seq, { position: position + offset, length });
            if (blocks.isFull) flush();
          }
        });
        flush();
      }),
    );
    if (this.#error !== undefined) return;
    this.#mark = mark;
    this.#synced = this.#file.size;
    this.#compactAt = Math.max(COMPACT_BYTES, this.#file.size * COMPACT_FACTOR);
    this.#parts.forEach((part, task) => {
      part.failures = moved[task] as SeqMap<FilePlace>;
    });
  }

  /** The record of a failed item. */
  #failure(seq: number, { position, length }: FilePlace): Buffer {
    const bytes = this.#file.read(position, length);
    const record = bytes.length === length ? readRecord(new ByteReader(bytes)) : undefined;
    if (record?.type !== "gaveUp" || record.seq !== seq)
      throw new Error("another process has destroyed what it had of failed items");
    return bytes;
  }

  *#opening(tasks: ReadonlyMap<string, TaskContent>): Generator<JournalRecord> {
    yield { type: "run", runId: this.#run.runId, begun: this.#run.begun, tasks: [...tasks.keys()] };
    if (this.#metadata !== undefined) yield { type: "metadata", payload: this.#metadata };
    let task = 0;
    for (const content of tasks.values()) {
      const { pending, takenUp, failures: _, trail, keys, earlier, ...totals } = content;
      for (const { seq, payload, attempt, failedAttempt, failures, losses } of pending) {
        yield { type: "item", task, seq, payload };
        if (failures + losses > 0)
          yield { type: "retried", task, seq, attempt, failedAttempt, failures, losses };
      }
      yield { type: "totals", task, position: totals.nextSeq - takenUp, ...totals };
      if (!totals.isKeyed) yield { type: "trail", task, ...trail.state };
      else for (const { hashes, isKept } of keys.chunks()) yield { type: "keys", task, isKept, hashes };
      if (earlier.size > 0) yield { type: "earlier", task, seqs: [...earlier] };
      task += 1;
    }
  }
}
