import type { Fail, Hello, ItemRef, Ready, Returned } from "../../protocol/batch-message.ts";
import type { Message } from "../../protocol/message.ts";
import type { WindowLimits } from "../window.ts";
import { type Item, QUEUE } from "./item.ts";
import type { TaskLedger } from "./task-ledger.ts";
import { WorkerRecord } from "./worker-record.ts";

/** How long a worker whose connection ended may take to come back before its items go to others, in ms. */
const REATTACH_MS = 500;

/** How long a worker is not asked again for work that it could not give, in ms. */
const RECALL_AGAIN_MS = 100;

/** How much longer than an item's timeout a worker may say nothing, in ms: the timeout's own grace and a ping or two. */
const SILENCE_GRACE_MS = 4000;

export interface FleetPort {
  send(worker: WorkerRecord, message: Message): void;
  /** An execution failed, or an item's workers keep dying: retry it or give it up. */
  failed(task: TaskLedger, item: Item, worker: WorkerRecord, fail: Fail): void;
  lost(task: TaskLedger, item: Item, worker: WorkerRecord): void;
  /** The item has run for longer than its timeout, and its worker is stuck in it. */
  expired(task: TaskLedger, item: Item, worker: WorkerRecord): void;
  /** Whether the worker's process is known to be gone: nobody comes back. */
  hasEnded(worker: WorkerRecord): boolean;
  /** Something changed for this task's workers. */
  changed(task: TaskLedger): void;
  note(event: string, worker: WorkerRecord, facts?: Readonly<Record<string, unknown>>): void;
}

/** The distributor's workers: who they are, on which connection, and what becomes of their items when they go. */
export class Fleet {
  readonly #runId: string;
  readonly #port: FleetPort;
  readonly #limits: WindowLimits;
  readonly #byId = new Map<string, WorkerRecord>();
  readonly #byConnection = new Map<string, WorkerRecord>();

  constructor(runId: string, limits: WindowLimits, port: FleetPort) {
    this.#runId = runId;
    this.#limits = limits;
    this.#port = port;
  }

  get workers(): Iterable<WorkerRecord> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }

  byId(id: string): WorkerRecord | undefined {
    return this.#byId.get(id);
  }

  /** The worker on a connection, noted as alive. */
  heard(connection: string, now: number): WorkerRecord | undefined {
    const worker = this.#byConnection.get(connection);
    if (worker === undefined) return undefined;
    worker.lastHeard = now;
    if (worker.phase.kind === "silent" || worker.phase.kind === "blocked") {
      this.#port.note("answers again", worker);
      this.#becomeReady(worker, worker.concurrency);
    }
    return worker;
  }

  /** A worker says hello, for the first time or on a new connection. */
  hello(connection: string, hello: Hello, task: TaskLedger, now: number): WorkerRecord {
    const known = this.#byId.get(hello.peerId);
    const worker = known ?? new WorkerRecord(hello.peerId, task, connection, this.#limits, now);
    if (known !== undefined) this.#byConnection.delete(known.connection);
    this.#byId.set(worker.id, worker);
    this.#byConnection.set(connection, worker);
    task.workers.add(worker);
    if (known === undefined) task.joined += 1;
    this.#unserve(worker);
    worker.connection = connection;
    worker.lastHeard = now;
    worker.recalled = false;
    worker.phase = { kind: "new", since: now };
    this.#port.note(known === undefined ? "joined" : "reconnected", worker);
    this.#reconcile(worker, hello.runId === this.#runId ? hello.held : []);
    this.#port.changed(task);
    return worker;
  }

  ready(worker: WorkerRecord, ready: Ready): void {
    if (worker.phase.kind !== "new") return;
    this.#becomeReady(worker, ready.concurrency);
    this.#port.note("ready", worker, { concurrency: ready.concurrency });
  }

  fail(worker: WorkerRecord, fail: Fail): void {
    worker.failuresSeen.push({ seq: fail.seq, attempt: fail.attempt });
    const item = worker.task.items.get(fail.seq);
    // Only the attempt that is out counts: the item may have been taken away and given to another since.
    if (item === undefined || item.place !== worker.place || item.attempt !== fail.attempt) {
      this.#port.note("late FAIL ignored", worker);
      return;
    }
    this.#port.failed(worker.task, item, worker, fail);
    this.roomOf(worker);
  }

  returned(worker: WorkerRecord, message: Returned, now: number): void {
    const { task } = worker;
    worker.recalled = false;
    if (message.items.length === 0) worker.nextRecall = now + RECALL_AGAIN_MS;
    if (message.leaving) {
      worker.phase = { kind: "leaving" };
      this.#unserve(worker);
      this.#port.note("is leaving", worker, { returned: message.items.length });
    }
    for (const ref of message.items) {
      const item = task.items.get(ref.seq);
      if (item?.place !== worker.place || item.attempt !== ref.attempt) continue;
      task.move(item, QUEUE);
      // It may come back here at once, as those who idle may not have it.
      if (item.failedOn.length > 0) worker.nextRecall = now + RECALL_AGAIN_MS;
    }
    this.#port.changed(task);
  }

  /** A worker that is done says goodbye; whatever it still holds comes back at once. */
  bye(worker: WorkerRecord): void {
    for (const item of worker.task.heldBy(worker)) worker.task.move(item, QUEUE);
    this.#forget(worker);
    this.#port.note("left", worker);
  }

  /**
   * The worker's main thread is stuck in exactly these items: all that it holds beside them goes to others at once. None of
   * that is suspect, and what the worker has finished of it counts all the same when its result arrives.
   */
  blocked(worker: WorkerRecord, running: readonly ItemRef[], expired: boolean, now: number): void {
    const { task, phase } = worker;
    const stuck = new Map(running.map(({ seq, attempt }) => [seq, attempt]));
    const items = task.heldBy(worker);
    const isRunning = ({ seq, attempt }: Item) => stuck.get(seq) === attempt;
    const others = items.filter((item) => !isRunning(item));
    if (phase.kind === "ready" || phase.kind === "blocked") {
      const since = phase.kind === "blocked" ? phase.since : now;
      worker.phase = { kind: "blocked", since, running: running.map(({ seq }) => seq), expired };
      worker.recalled = false;
      worker.window.reset();
      this.#unserve(worker);
      if (phase.kind === "ready") this.#port.note("is blocked", worker, { returned: others.length, expired });
    }
    for (const item of others) task.move(item, QUEUE);
    if (others.length > 0) this.#revoke(worker, others);
    if (expired) for (const item of items.filter(isRunning)) this.#port.expired(task, item, worker);
    this.#port.changed(task);
  }

  /** The connection is gone; the worker may come back on another. */
  disconnected(connection: string, now: number): void {
    const worker = this.#byConnection.get(connection);
    this.#byConnection.delete(connection);
    if (worker === undefined || worker.connection !== connection) return;
    worker.phase = { kind: "detached", until: now + REATTACH_MS };
    this.#unserve(worker);
    this.#port.note("disconnected", worker, { held: worker.held });
  }

  /** Looks at deadlines: detached workers that did not return, and workers that have been silent for too long. */
  tick(now: number): void {
    for (const worker of this.#byId.values()) {
      if (worker.phase.kind === "detached" && (now >= worker.phase.until || this.#port.hasEnded(worker))) {
        this.#port.note("lost", worker, { held: worker.held });
        this.#takeAway(worker);
        this.#forget(worker);
        worker.task.lostAt = now;
      } else if (this.#isHung(worker, now)) {
        this.#port.note("does not answer", worker, { held: worker.held });
        const items = worker.task.heldBy(worker);
        worker.phase = { kind: "silent", since: worker.lastHeard, running: items.map(({ seq }) => seq) };
        this.#unserve(worker);
        this.#takeAway(worker);
        this.#revoke(worker, items);
      }
    }
  }

  /** Puts a worker among those that are served, if it has room. */
  roomOf(worker: WorkerRecord): void {
    if (worker.phase.kind !== "ready" || worker.suspect !== undefined) return;
    if (worker.hasRoom(worker.window.size)) worker.task.hungry.add(worker);
  }

  /** Gives a worker nothing more until it is ready again. */
  #unserve(worker: WorkerRecord): void {
    worker.task.hungry.delete(worker);
    worker.task.draining.delete(worker);
  }

  #revoke(worker: WorkerRecord, held: readonly ItemRef[]): void {
    const items = held.map(({ seq, attempt }) => ({ seq, attempt }));
    this.#port.send(worker, { type: "revoke", runId: this.#runId, items });
  }

  #becomeReady(worker: WorkerRecord, concurrency: number): void {
    worker.ready(concurrency);
    this.roomOf(worker);
    this.#port.changed(worker.task);
  }

  #isHung(worker: WorkerRecord, now: number): boolean {
    const { timeout } = worker.task.spec;
    if (timeout === 0 || worker.held === 0) return false;
    const { kind } = worker.phase;
    if (kind !== "ready" && kind !== "leaving" && kind !== "blocked") return false;
    return now - worker.lastHeard > timeout + SILENCE_GRACE_MS;
  }

  /**
   * A lost worker's items. Only what it was running can have killed it, and of a whole window nobody knows which that
   * was: the items become suspects, which go out alone. One that was alone on the worker is to blame.
   */
  #takeAway(worker: WorkerRecord): void {
    const { task } = worker;
    const items = task.heldBy(worker);
    for (const item of items) {
      if (items.length === 1) this.#port.lost(task, item, worker);
      else task.suspect(item);
    }
    this.#port.changed(task);
  }

  #forget(worker: WorkerRecord): void {
    this.#byId.delete(worker.id);
    if (this.#byConnection.get(worker.connection) === worker) this.#byConnection.delete(worker.connection);
    worker.task.workers.delete(worker);
    this.#unserve(worker);
    this.#port.changed(worker.task);
  }

  /** A worker that comes back was cut off, not killed: by none of its items, whether it still has them or never got them. */
  #exonerate(worker: WorkerRecord): void {
    for (const item of worker.task.accused) {
      const others = item.lostWith.filter((id) => id !== worker.id);
      if (others.length < item.lostWith.length) {
        item.losses -= item.lostWith.length - others.length;
        item.lostWith = others;
        this.#port.note("came back: its item is not to blame", worker);
      }
      if (others.length === 0) worker.task.accused.delete(item);
    }
  }

  /** Taken away from the worker that reports it, but not given to another yet. */
  #isStillOut(item: Item, ref: ItemRef): boolean {
    if (item.failedAttempt === ref.attempt) return false;
    if (item.isRestored) return item.place.at !== "collector" && item.attempt <= ref.attempt;
    const waits = item.place.at !== "worker" && item.place.at !== "collector";
    return waits && item.attempt === ref.attempt;
  }

  /** Brings both ends' views together after a reconnection: anything may have been lost with the old connection. */
  #reconcile(worker: WorkerRecord, held: readonly ItemRef[]): void {
    this.#exonerate(worker);
    const { task } = worker;
    const kept = new Set<number>();
    const revoked: ItemRef[] = [];
    for (const ref of held) {
      const item = task.items.get(ref.seq);
      if (item === undefined) {
        worker.settled.push(ref.seq);
      } else if (item.place === worker.place) {
        if (item.attempt === ref.attempt) kept.add(ref.seq);
      } else if (this.#isStillOut(item, ref)) {
        // It was taken away, but nobody has it yet: the worker that has it already goes on with it.
        item.attempt = ref.attempt;
        item.grantedAt = Math.trunc(worker.lastHeard);
        item.isRestored = false;
        task.move(item, worker.place);
        kept.add(ref.seq);
      } else {
        revoked.push(ref);
      }
    }
    for (const item of task.heldBy(worker)) if (!kept.has(item.seq)) task.move(item, QUEUE);
    if (worker.suspect !== undefined && worker.suspect.place !== worker.place) worker.suspect = undefined;
    if (revoked.length > 0) this.#port.send(worker, { type: "revoke", runId: this.#runId, items: revoked });
  }
}
