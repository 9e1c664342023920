import type { ErrorInfo } from "../../protocol/batch-message.ts";
import { SeqMap } from "../../structures/seq-map.ts";
import { SeqSet } from "../../structures/seq-set.ts";
import { type Item, newItem, type Place, SETTLED, SUSPECTS } from "./item.ts";
import { ItemQueue } from "./item-queue.ts";
import { backoffAfter, type RetryPolicy } from "./retry-policy.ts";
import type { PendingItem, TaskJournal, TaskSnapshot } from "./task-journal.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Where a task's items come from. */
export interface ItemSource {
  /**
   * The next item's payload; `"wait"` when there is none just now (the owner reports when there may be); `"done"` after
   * the last one.
   *
   * @param worker - The id of the worker that will get it.
   * @param wanted - How many items could be used at once, this one included.
   */
  pull(worker: string, wanted: number): Uint8Array | "wait" | "done";
  /** The hash of the key of what `pull()` gave last, where items have keys. */
  readonly key?: Uint8Array | undefined;
  /** Items that it left out so far, because an item with their key was known. */
  readonly skipped?: number | undefined;
}

export interface TaskSpec {
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly retry: RetryPolicy;
  /** Longest execution in ms; 0: unlimited. */
  readonly timeout: number;
  readonly source: ItemSource;
  /** Workers that are being started for it; 0 or none: nobody knows. */
  readonly expectedWorkers?: number;
  /** The ledger of an earlier life, to go on from. */
  readonly restored?: TaskSnapshot | undefined;
  /** Who writes the ledger's changes down. */
  readonly journal?: TaskJournal | undefined;
}

export type TaskPhase = "blocked" | "open" | "exhausted" | "complete";

/** Counts of one task so far. */
export interface TaskCounts {
  /** Items produced. */
  items: number;
  /** Items whose result the collector has handled. */
  acked: number;
  /** Items that failed for good and were reported to the collector. */
  failed: number;
  /** Executions repeated because of a failure or a lost worker. */
  retried: number;
  /** Items that were left out because an item with their key was known. */
  skipped: number;
}

/** Most workers that an item remembers to have failed on. */
const MAX_FAILED_ON = 16;

/** How long a worker that was lost is likely to be replaced, in ms: an item that failed on all others waits for that. */
const REPLACED_MS = 3000;

/** How long workers that are expected and have not been there yet are waited for in the same way, in ms. */
const EXPECTED_MS = 30_000;

/** Most unreliable workers that a task remembers. */
const MAX_UNRELIABLE = 100;

/** How long the workers of an earlier life have to come back with what they hold, in ms. */
const RESTORED_MS = 1000;

/** One task's ledger: every item that was produced and is not yet ACKed, and where it is. */
export class TaskLedger {
  readonly spec: TaskSpec;
  phase: TaskPhase;
  readonly items = new SeqMap<Item>();
  readonly counts: TaskCounts = { items: 0, acked: 0, failed: 0, retried: 0, skipped: 0 };
  /** Items that this life knows to have failed for good. */
  readonly failed = new SeqSet();
  readonly queue = new ItemQueue("queue", (...item) => this.#suits(...item));
  readonly suspects = new ItemQueue("suspects", (...item) => this.#suits(...item));
  /** Items that workers of this life were lost with: one that comes back clears them. */
  readonly accused = new Set<Item>();
  readonly workers = new Set<WorkerRecord>();
  /** Ready workers with room, the longest-waiting first. */
  readonly hungry = new Set<WorkerRecord>();
  /** Workers that are given nothing until they are empty, and then a suspect. */
  readonly draining = new Set<WorkerRecord>();
  /** Enough workers were there to begin. */
  begun = false;
  /** Since when too few workers of this task are known. */
  lonelySince = 0;
  /** Since when none of its workers has answered, as far as it has any. */
  unansweredSince = 0;
  /** When a result or a failure of any of its items last arrived. */
  progressAt = 0;
  /** Workers that have been there. */
  joined = 0;
  /** When one of them was last lost. */
  lostAt = Number.NEGATIVE_INFINITY;
  /** Workers on which items failed that succeeded elsewhere, far more often than on others; some may be gone. */
  readonly unreliable = new Set<WorkerRecord>();
  #openedAt = 0;
  #backoff: Item[] = [];
  #nextSeq = 0;

  constructor(spec: TaskSpec) {
    this.spec = spec;
    this.phase = spec.dependencies.length > 0 ? "blocked" : "open";
    if (spec.restored !== undefined) this.#restore(spec.restored);
  }

  get name(): string {
    return this.spec.name;
  }

  /** Sequence number of the next item. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** From now on what an earlier life left is waited for, and then given to whoever is there. */
  open(now: number): void {
    this.lonelySince = now;
    this.unansweredSince = now;
    this.#openedAt = now;
    for (const item of this.items.values()) {
      if (item.isRestored && item.place.at === "backoff")
        this.move(item, { at: "backoff", until: now + RESTORED_MS });
    }
  }

  /** Begins when so many workers are ready; from then on any number will do. */
  begin(minWorkers: number): boolean {
    if (this.begun) return true;
    let ready = 0;
    for (const worker of this.workers) if (worker.phase.kind === "ready") ready += 1;
    this.begun = ready >= minWorkers;
    return this.begun;
  }

  get producedAll(): boolean {
    return this.phase === "exhausted" || this.phase === "complete";
  }

  /** The only way an item changes its place. */
  move(item: Item, place: Place): void {
    if (item.place.at === "worker") item.place.worker.release(item);
    item.place = place;
    if (place.at === "worker") place.worker.hold(item);
    else if (place.at === "queue") this.queue.push(item);
    else if (place.at === "suspects") this.suspects.push(item);
    else if (place.at === "backoff") this.#backoff.push(item);
    else if (place.at === "settled") {
      this.items.delete(item.seq);
      this.accused.delete(item);
    }
  }

  /** The next item for a worker: one that came back, or a new one; nothing when there is none now. */
  next(worker: WorkerRecord, wanted: number, now: number): Item | undefined {
    const queued = this.queue.take(worker, now);
    if (queued !== undefined) return queued;
    if (this.phase !== "open") return undefined;
    const { source } = this.spec;
    const pulled = source.pull(worker.id, wanted);
    if (source.skipped !== undefined) this.counts.skipped = source.skipped;
    if (pulled === "wait") return undefined;
    if (pulled === "done") {
      this.phase = "exhausted";
      this.spec.journal?.exhausted(this.counts.skipped);
      return undefined;
    }
    const item = newItem(this.#nextSeq++, pulled);
    this.items.set(item.seq, item);
    this.counts.items += 1;
    this.spec.journal?.produced(item, source.key);
    return item;
  }

  /** Whether items wait that only go out alone. */
  get hasSuspects(): boolean {
    return !this.suspects.isEmpty;
  }

  get hasQueued(): boolean {
    return !this.queue.isEmpty;
  }

  settle(item: Item, as: "acked" | "failed"): void {
    this.counts[as] += 1;
    if (as === "failed") this.failed.add(item.seq);
    this.move(item, SETTLED);
  }

  /** After a FAIL that counts: back for another attempt. False when its attempts are used up. */
  retry(item: Item, worker: string, now: number): boolean {
    item.failures += 1;
    item.failedAttempt = item.attempt;
    if (item.failures >= this.spec.retry.attempts) return false;
    this.counts.retried += 1;
    const until = now + backoffAfter(item.failures, this.spec.retry);
    this.spec.journal?.retried(item);
    this.move(item, { at: "backoff", until });
    const others = item.failedOn.filter((id) => id !== worker);
    item.failedOn = [...others, worker].slice(-MAX_FAILED_ON);
    return true;
  }

  /** Nothing more is tried: the failure is the collector's to have. */
  giveUp(item: Item, error: ErrorInfo, now: number): void {
    this.spec.journal?.gaveUp(item, error);
    this.move(item, { at: "collector", error, sentAt: now });
  }

  /** Takes the items whose wait is over; they are to be moved. */
  due(now: number): readonly Item[] {
    const due: Item[] = [];
    if (this.#backoff.length === 0) return due;
    const waiting: Item[] = [];
    for (const item of this.#backoff) {
      if (item.place.at !== "backoff") continue;
      if (item.place.until <= now) due.push(item);
      else waiting.push(item);
    }
    this.#backoff = waiting;
    return due;
  }

  suspect(item: Item): void {
    this.counts.retried += 1;
    this.spec.journal?.retried(item);
    this.move(item, SUSPECTS);
  }

  /** Remembers a worker on which items fail that succeed elsewhere. */
  distrust(worker: WorkerRecord): void {
    if (this.unreliable.size < MAX_UNRELIABLE) this.unreliable.add(worker);
  }

  heldBy(worker: WorkerRecord): Item[] {
    const held: Item[] = [];
    if (worker.held === 0) return held;
    this.items.forEach((item) => {
      if (item.place === worker.place) held.push(item);
    });
    return held;
  }

  #restore({ counts, nextSeq, hasBegun, exhausted, pending }: TaskSnapshot): void {
    Object.assign(this.counts, counts);
    this.#nextSeq = nextSeq;
    for (const item of pending) this.#restoreItem(item);
    if (exhausted) this.phase = "exhausted";
    else if (hasBegun) this.phase = "open"; // what it depends on was complete then
  }

  #restoreItem({ seq, payload, error, attempt, failedAttempt, failures, losses }: PendingItem): void {
    const history = { attempt, failedAttempt, failures, losses, isRestored: true };
    const item = Object.assign(newItem(seq, payload), history);
    this.items.set(seq, item);
    if (error === undefined) this.move(item, { at: "backoff", until: Number.POSITIVE_INFINITY });
    else this.move(item, { at: "collector", error, sentAt: Number.NEGATIVE_INFINITY });
  }

  /**
   * Whether an item that failed on these workers may go to this one: not where it has failed while another worker lives, however
   * long that one is busy. Of workers on which it has failed, the one where that was longest ago is the first to have it again.
   */
  #suits(failedOn: readonly string[], worker: WorkerRecord, now: number): boolean {
    if (!failedOn.includes(worker.id)) return true;
    let first = worker;
    let order = failedOn.indexOf(worker.id);
    for (const other of this.workers) {
      if (!other.isHopeful(now)) continue;
      const place = failedOn.indexOf(other.id);
      if (place < 0) return false;
      const isWaiting = other.phase.kind === "ready" && now >= other.record.pausedUntil;
      if (place < order && isWaiting) {
        first = other;
        order = place;
      }
    }
    return first === worker && !this.#awaitsWorkers(now);
  }

  /** Whether workers are likely to join soon. */
  #awaitsWorkers(now: number): boolean {
    if (now < this.lostAt + REPLACED_MS) return true;
    return this.joined < (this.spec.expectedWorkers ?? 0) && now < this.#openedAt + EXPECTED_MS;
  }
}
