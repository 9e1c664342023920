import type { ErrorInfo } from "../../protocol/batch-message.ts";
import { generationOf, itemNumber } from "../../protocol/generation.ts";
import { SeqMap } from "../../structures/seq-map.ts";
import { SeqSet } from "../../structures/seq-set.ts";
import { type Item, newItem, type Place, SETTLED, SUSPECTS } from "./item.ts";
import { ItemQueue } from "./item-queue.ts";
import { KeptErrors } from "./kept-errors.ts";
import { backoffAfter } from "./retry-policy.ts";
import type { PendingItem, TaskCounts, TaskSnapshot } from "./task-snapshot.ts";
import type { TaskSpec } from "./task-spec.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** How far a task is: waits for its dependencies; produces items; has produced all; all are settled. */
export type TaskPhase = "blocked" | "open" | "exhausted" | "complete";

/** Most workers whose failures an item remembers. */
const MAX_FAILED_ON = 16;

/** How long after the loss of a worker its replacement is likely, in ms: an item that failed on all others waits for that. */
const REPLACED_MS = 3000;

/** How long such an item waits for workers that are expected and have not joined yet, in ms. */
const EXPECTED_MS = 30_000;

/** Most unreliable workers that a task remembers. */
const MAX_UNRELIABLE = 100;

/** How long after a restart of the distributor workers have to come back with the items that they hold, in ms. */
const RESTORED_MS = 1000;

/** One task's ledger: every item that was produced and is not yet ACKed, and where it is. */
export class TaskLedger {
  readonly spec: TaskSpec;
  phase: TaskPhase;
  readonly items = new SeqMap<Item>();
  readonly counts: TaskCounts = { items: 0, acked: 0, failed: 0, retried: 0, skipped: 0 };
  /** Items that failed for good since this process started. */
  readonly failed = new SeqSet();
  readonly queue = new ItemQueue<Item, WorkerRecord>("queue", (...item) => this.#suits(...item));
  readonly suspects = new ItemQueue<Item, WorkerRecord>("suspects", (...item) => this.#suits(...item));
  /** Items with which a worker was lost: a worker that comes back clears its items. */
  readonly blamed = new Set<Item>();
  readonly workers = new Set<WorkerRecord>();
  /** Ready workers with room, the one that waits longest first. */
  readonly withRoom = new Set<WorkerRecord>();
  /** Workers that get nothing until they hold nothing, and then a suspect. */
  readonly draining = new Set<WorkerRecord>();
  /** What was settled and repeated before this process took up the run. */
  readonly earlier: Readonly<Pick<TaskCounts, "acked" | "failed" | "retried">>;
  /** The run was stopped before the task had produced all of its items. */
  isCutShort = false;
  /** Whether enough workers were ready to begin. */
  begun = false;
  /** Since when the task has had too few workers. */
  tooFewWorkersSince = 0;
  /** Since when the task has had workers and none has answered. */
  noAnswerSince = 0;
  /** When a result or a failure of any item last arrived. */
  progressAt = 0;
  /** Workers that have joined, those included that have left. */
  joined = 0;
  /** When a worker was last lost. */
  workerLostAt = Number.NEGATIVE_INFINITY;
  /** Workers that are, or were, unreliable; some may have left. */
  readonly unreliable = new Set<WorkerRecord>();
  /** The sequence numbers of items that are executed again after they failed for good, by the item's number. */
  readonly #again = new Map<number, number>();
  readonly errors = new KeptErrors();
  #openedAt = 0;
  #backoff: Item[] = [];
  #nextSeq = 0;

  constructor(spec: TaskSpec) {
    this.spec = spec;
    this.phase = spec.dependencies.length > 0 ? "blocked" : "open";
    if (spec.restored !== undefined) this.#restore(spec.restored);
    const { acked, failed, retried } = this.counts;
    this.earlier = { acked, failed, retried };
  }

  get name(): string {
    return this.spec.name;
  }

  /** Number of the next item. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** The sequence numbers of items that had failed for good before, and are executed again. */
  get again(): Iterable<number> {
    return this.#again.values();
  }

  /** The sequence number of an item's latest generation. */
  latest(number: number): number {
    return this.#again.get(number) ?? number;
  }

  /** Begins to wait for workers: they have {@link RESTORED_MS} to claim restored items, which then go to any worker. */
  open(now: number): void {
    this.tooFewWorkersSince = now;
    this.noAnswerSince = now;
    this.#openedAt = now;
    for (const item of this.items.values()) {
      if (item.isRestored && item.place.at === "backoff")
        this.move(item, { at: "backoff", until: now + RESTORED_MS });
    }
  }

  /** Begins when `minWorkers` workers are ready; from then on any number will do. @returns Whether the task has begun. */
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

  /** The run is stopped: nothing more is produced. */
  cutShort(): void {
    if (this.producedAll) return;
    this.phase = "exhausted";
    this.isCutShort = true;
  }

  /** Moves an item to another place; nothing else changes a place. */
  move(item: Item, place: Place): void {
    if (item.place.at === "worker") item.place.worker.release(item);
    else if (item.place.at === "collector") this.errors.remove(item.place.error);
    item.place = place;
    if (place.at === "worker") place.worker.hold(item);
    else if (place.at === "collector") this.errors.add(place.error);
    else if (place.at === "queue") this.queue.push(item);
    else if (place.at === "suspects") this.suspects.push(item);
    else if (place.at === "backoff") this.#backoff.push(item);
    else if (place.at === "taken") this.blamed.delete(item);
    else if (place.at === "settled") {
      this.items.delete(item.seq);
      this.blamed.delete(item);
    }
  }

  /** The next item for a worker: one that came back, or a new one; undefined when there is none now. */
  next(worker: WorkerRecord, wanted: number, now: number): Item | undefined {
    const queued = this.queue.take(worker, now);
    if (queued !== undefined) return queued;
    if (this.phase !== "open" || this.errors.isFull) return undefined;
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

  /** Whether items wait that are granted alone. */
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

  /** Counts a FAIL, and lets the item wait for its next attempt. @returns False when its attempts are used up. */
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

  /** Ends the item's attempts: its failure goes to the collector. @returns The error as it is kept. */
  giveUp(item: Item, thrown: ErrorInfo, now: number): ErrorInfo {
    const error = this.errors.bounded(thrown);
    this.spec.journal?.gaveUp(item, error);
    this.move(item, { at: "collector", error, sentAt: now });
    return error;
  }

  /** Takes the items whose wait is over; the caller has to move them. */
  takeDue(now: number): readonly Item[] {
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

  /** Lets an item that was on a lost worker go out again, alone. */
  suspect(item: Item): void {
    this.counts.retried += 1;
    this.spec.journal?.retried(item);
    this.move(item, SUSPECTS);
  }

  /** Remembers an unreliable worker, for the run's summary. */
  markUnreliable(worker: WorkerRecord): void {
    if (this.unreliable.size < MAX_UNRELIABLE) this.unreliable.add(worker);
  }

  /** Puts a worker among those that are served, if it takes items and has room. */
  refresh(worker: WorkerRecord): void {
    if (worker.phase.kind !== "ready" || worker.suspect !== undefined) return;
    if (worker.hasRoom(worker.window.size)) this.withRoom.add(worker);
  }

  /** Gives a worker nothing more until it is ready again. */
  stopServing(worker: WorkerRecord): void {
    this.withRoom.delete(worker);
    this.draining.delete(worker);
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
    else if (hasBegun) this.phase = "open"; // its dependencies were complete then
  }

  #restoreItem({ seq, payload, error, attempt, failedAttempt, failures, losses }: PendingItem): void {
    const history = { attempt, failedAttempt, failures, losses, isRestored: true };
    const item = Object.assign(newItem(seq, payload), history);
    this.items.set(seq, item);
    if (generationOf(seq) > 0) this.#again.set(itemNumber(seq), seq);
    if (error === undefined) this.move(item, { at: "backoff", until: Number.POSITIVE_INFINITY });
    else this.move(item, { at: "collector", error, sentAt: Number.NEGATIVE_INFINITY });
  }

  /**
   * Whether an item that failed on the workers `failedOn` may go to `worker`. An item does not return to a worker on which it has
   * failed while another worker lives, however long that one is busy. When it has failed on all of them, it goes to the worker on
   * which it failed longest ago.
   */
  #suits(failedOn: readonly string[], worker: WorkerRecord, now: number): boolean {
    if (!failedOn.includes(worker.id)) return true;
    let first = worker;
    let order = failedOn.indexOf(worker.id);
    for (const other of this.workers) {
      if (!other.willTakeItems(now)) continue;
      const place = failedOn.indexOf(other.id);
      if (place < 0) return false;
      const isWaiting = other.phase.kind === "ready" && now >= other.reliability.pausedUntil;
      if (place < order && isWaiting) {
        first = other;
        order = place;
      }
    }
    return first === worker && !this.#awaitsWorkers(now);
  }

  /** Whether workers are likely to join soon. */
  #awaitsWorkers(now: number): boolean {
    if (now < this.workerLostAt + REPLACED_MS) return true;
    return this.joined < (this.spec.expectedWorkers ?? 0) && now < this.#openedAt + EXPECTED_MS;
  }
}
