import type { Blocked, Fail, Hello, ItemRef, Ready, Returned } from "../../protocol/batch-message.ts";
import type { WorkerToDistributor } from "../../protocol/message.ts";
import { PingSchedule } from "../ping-schedule.ts";
import type { WindowLimits } from "../window.ts";
import { type Admission, admissionOf } from "./admission-of-hello.ts";
import { clearBlame } from "./clear-blame.ts";
import { isHung } from "./is-hung.ts";
import { type Item, QUEUE } from "./item.ts";
import type { OwnedWorkers } from "./owned-workers.ts";
import { reconcile } from "./reconcile.ts";
import type { Settlement } from "./settlement.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { TaskSet } from "./task-set.ts";
import { type TicketOptions, Tickets } from "./tickets.ts";
import type { WorkerMessages } from "./worker-messages.ts";
import { WorkerRecord } from "./worker-record.ts";

/** How long a worker whose connection ended may take to reconnect before its items go to others, in ms. */
const REATTACH_MS = 500;

/** How long a worker that had nothing to give back is not asked again, in ms. */
const RECALL_AGAIN_MS = 100;

export interface FleetOptions extends WindowLimits, TicketOptions {
  readonly owned?: OwnedWorkers | undefined;
}

export interface FleetPort {
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

/** The distributor's workers: which ones there are, on which connection, and what happens to their items when they leave. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #tasks: TaskSet;
  readonly #messages: WorkerMessages;
  readonly #settlement: Settlement;
  readonly #port: FleetPort;
  readonly #tickets: Tickets;
  readonly #byId = new Map<string, WorkerRecord>();
  readonly #byConnection = new Map<string, WorkerRecord>();
  readonly #pings = new PingSchedule();
  /** How often a worker's message has changed one of its items. */
  changed = 0;
  /** How many items workers have given back, in whatever way, or lost by what they said. */
  givenBack = 0;

  constructor(
    options: FleetOptions,
    tasks: TaskSet,
    messages: WorkerMessages,
    settlement: Settlement,
    port: FleetPort,
  ) {
    this.#options = options;
    this.#tickets = new Tickets(options);
    this.#tasks = tasks;
    this.#messages = messages;
    this.#settlement = settlement;
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

  /** What a peer's hello is answered with. */
  admission(connection: string, hello: Hello): Admission {
    const known = this.#byId.get(hello.peerId);
    const present = this.#byConnection.get(connection);
    const isOurs = known === undefined || known.connection === connection;
    const isProven = isOurs || this.#tickets.proves(hello.ticket, known);
    if (!isProven)
      this.#port.note("hello of another worker's id dropped: no ticket", { worker: hello.peerId });
    return admissionOf(hello, { known, present, isProven }, this.#tasks.byName);
  }

  /** The worker on a connection, from which a message has arrived. */
  heard(connection: string, now: number): WorkerRecord | undefined {
    const worker = this.#byConnection.get(connection);
    if (worker === undefined) return undefined;
    worker.lastHeard = now;
    if (worker.phase.kind === "silent" || worker.phase.kind === "blocked") {
      this.#note("answers again", worker);
      this.#becomeReady(worker, worker.concurrency);
    }
    return worker;
  }

  /** A worker says hello, for the first time or on a new connection. */
  hello(connection: string, hello: Hello, task: TaskLedger, now: number): WorkerRecord {
    const known = this.#byId.get(hello.peerId);
    const identity = { peerId: hello.peerId, ticket: known?.ticket ?? this.#tickets.of(hello) };
    const worker = known ?? new WorkerRecord(identity, task, connection, this.#options, now);
    if (known !== undefined) this.#byConnection.delete(known.connection);
    this.#byId.set(worker.id, worker);
    this.#byConnection.set(connection, worker);
    task.workers.add(worker);
    if (known === undefined) task.joined += 1;
    task.stopServing(worker);
    worker.connection = connection;
    worker.lastHeard = now;
    worker.recalled = false;
    worker.phase = { kind: "new", since: now };
    this.#note(known === undefined ? "joined" : "reconnected", worker);
    const cleared = clearBlame(worker);
    if (cleared > 0) this.#note("came back: its items are not to blame", worker, { items: cleared });
    const isOwn = hello.runId === this.#options.runId && this.#tickets.proves(hello.ticket, worker);
    const wasGranted = (item: Item) => this.#tickets.wasGranted(item, worker);
    const before = worker.held;
    const revoked = reconcile(worker, isOwn ? hello.held : [], wasGranted);
    this.givenBack += Math.max(0, before - worker.held);
    if (revoked.length > 0) this.#messages.revoke(worker, revoked);
    this.#tasks.touch(task);
    return worker;
  }

  /** A message of a worker, other than hello. */
  message(worker: WorkerRecord, message: Exclude<WorkerToDistributor, Hello>, now: number): void {
    if (message.type === "ready") this.#ready(worker, message);
    else if (message.type === "fail") this.#fail(worker, message);
    else if (message.type === "returned") this.#returned(worker, message, now);
    else if (message.type === "bye") this.#bye(worker);
  }

  #ready(worker: WorkerRecord, ready: Ready): void {
    const { kind } = worker.phase;
    const isResized = kind === "ready" && ready.concurrency !== worker.concurrency;
    if (kind !== "new" && !isResized) return;
    this.#becomeReady(worker, ready.concurrency);
    this.#note("ready", worker, { concurrency: ready.concurrency });
  }

  #fail(worker: WorkerRecord, fail: Fail): void {
    worker.failuresSeen.push({ seq: fail.seq, attempt: fail.attempt });
    const item = worker.task.items.get(fail.seq);
    // Only the latest attempt counts: the item may have been taken away and granted to another worker since.
    if (item === undefined || item.place !== worker.place || item.attempt !== fail.attempt) {
      this.#note("late FAIL ignored", worker);
      return;
    }
    this.changed += 1;
    this.#settlement.failed(worker.task, item, worker, fail);
    worker.task.refresh(worker);
  }

  #returned(worker: WorkerRecord, message: Returned, now: number): void {
    const { task } = worker;
    worker.recalled = false;
    if (message.items.length === 0) worker.nextRecall = now + RECALL_AGAIN_MS;
    if (message.leaving) {
      worker.phase = { kind: "leaving" };
      task.stopServing(worker);
      this.#note("is leaving", worker, { returned: message.items.length });
    }
    for (const ref of message.items) {
      const item = task.items.get(ref.seq);
      if (item?.place !== worker.place || item.attempt !== ref.attempt) continue;
      this.changed += 1;
      this.givenBack += 1;
      item.attempt -= 1; // it was not begun
      task.move(item, QUEUE);
      // The item may come back to this worker at once: workers that idle may not get it.
      if (item.failedOn.length > 0) worker.nextRecall = now + RECALL_AGAIN_MS;
    }
    // No result of it will come, by which it would get items again.
    if (worker.held === 0 && worker.phase.kind === "ready") task.refresh(worker);
    this.#tasks.touch(task);
  }

  /** A worker leaves; the items that it still holds go back to the queue at once. */
  #bye(worker: WorkerRecord): void {
    this.givenBack += worker.held;
    for (const item of worker.task.heldBy(worker)) worker.task.move(item, QUEUE);
    this.#forget(worker);
    this.#note("left", worker);
  }

  /** A worker's watching thread reports, on a connection of its own, that the main thread is blocked. */
  reported({ workerId, ticket, running, expired }: Blocked, now: number): void {
    const worker = this.#byId.get(workerId);
    if (worker !== undefined && this.#tickets.proves(ticket, worker))
      this.#blocked(worker, running, expired, now);
    else this.#port.note("report of an unknown worker dropped", { workerId });
  }

  /**
   * The worker's main thread is stuck in exactly the items `running`: its other items go to other workers at once. They are not
   * suspects, and a result that the worker has finished already still counts when it arrives.
   */
  #blocked(worker: WorkerRecord, running: readonly ItemRef[], expired: boolean, now: number): void {
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
      task.stopServing(worker);
      if (phase.kind === "ready") this.#note("is blocked", worker, { returned: others.length, expired });
    }
    this.givenBack += others.length;
    for (const item of others) task.move(item, QUEUE);
    if (others.length > 0) this.#messages.revoke(worker, others);
    if (expired) for (const item of items.filter(isRunning)) this.#settlement.expired(task, item, worker);
    this.#tasks.touch(task);
  }

  /** A connection ended; its worker may come back on another one. */
  disconnected(connection: string, now: number): void {
    const worker = this.#byConnection.get(connection);
    this.#byConnection.delete(connection);
    if (worker === undefined || worker.connection !== connection) return;
    worker.phase = { kind: "detached", until: now + REATTACH_MS };
    worker.task.stopServing(worker);
    this.#note("disconnected", worker, { held: worker.held });
  }

  /** Some connection ended, and it is not known which: a ping that cannot be sent shows that its connection is dead. */
  probe(now: number): void {
    this.#pings.probe(now);
    this.#pingIfDue(now);
  }

  #pingIfDue(now: number): void {
    if (!this.#pings.isDue(now)) return;
    this.#pings.pinged(now, this.size);
    for (const worker of this.workers) this.#messages.ping(worker);
  }

  /**
   * Pings workers. Checks deadlines: of detached workers that did not come back, and of workers that have been silent for too long.
   *
   * @param isEnding - Workers were told of the end: those that are gone have obeyed, or were cut off, and no item is to blame.
   */
  tick(now: number, isEnding: boolean): void {
    this.#pingIfDue(now);
    for (const worker of this.#byId.values()) {
      if (
        worker.phase.kind === "detached" &&
        (now >= worker.phase.until || this.#options.owned?.endOf(worker.id) !== undefined)
      ) {
        this.#note(isEnding ? "ended with the run" : "lost", worker, { held: worker.held });
        if (!isEnding) this.#takeAway(worker);
        this.#forget(worker);
        worker.task.workerLostAt = now;
      } else if (isHung(worker, now)) {
        this.#note("does not answer", worker, { held: worker.held });
        const items = worker.task.heldBy(worker);
        worker.phase = { kind: "silent", since: worker.lastHeard, running: items.map(({ seq }) => seq) };
        worker.task.stopServing(worker);
        this.#takeAway(worker);
        this.#messages.revoke(worker, items);
      }
    }
  }

  #note(event: string, { id, task }: WorkerRecord, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#port.note(`worker ${event}`, { worker: id, taskType: task.name, ...facts });
  }

  #becomeReady(worker: WorkerRecord, concurrency: number): void {
    worker.ready(concurrency);
    worker.task.refresh(worker);
    this.#tasks.touch(worker.task);
  }

  /**
   * Takes a lost worker's items away. An item that was alone on the worker is to blame for the loss. Among several, any that was running
   * may have killed the worker: all of them become suspects, which are granted alone.
   */
  #takeAway(worker: WorkerRecord): void {
    const { task } = worker;
    const items = task.heldBy(worker);
    for (const item of items) {
      if (items.length === 1) this.#settlement.lost(task, item, worker.id);
      else task.suspect(item);
    }
    this.#tasks.touch(task);
  }

  #forget(worker: WorkerRecord): void {
    this.#byId.delete(worker.id);
    if (this.#byConnection.get(worker.connection) === worker) this.#byConnection.delete(worker.connection);
    worker.task.workers.delete(worker);
    worker.task.stopServing(worker);
    this.#tasks.touch(worker.task);
  }
}
