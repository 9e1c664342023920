import { PipelineError } from "../errors.ts";
import { BATCH_BYTES, BATCH_ITEMS } from "../protocol/limits.ts";
import type {
  ErrorInfo,
  Grant,
  ItemPayload,
  ItemRef,
  Message,
  Revoke,
  RunStatus,
  Welcome,
} from "../protocol/message.ts";
import { Fifo } from "./fifo.ts";
import { RoleClock } from "./role-clock.ts";

/**
 * A result waits at most so long for others to travel with, in ms. Sending wakes another thread and the peer, which costs a
 * worker of 10 ms items about a point of its time at 25 ms, and half of that at 50.
 */
const FLUSH_MS = 50;

/** First wait for a CONFIRM before an outcome is sent again, in ms; doubled each time, up to {@link MAX_RESEND_MS}. */
const RESEND_MS = 2000;
const MAX_RESEND_MS = 30_000;

/** How often unconfirmed outcomes are looked through, in ms. */
const RESEND_CHECK_MS = 500;

/** How often hello is repeated until it is answered, in ms. */
const HELLO_MS = 1000;

/** An item that the worker is to execute, or is executing. */
export interface Execution extends ItemPayload {
  readonly runId: string;
  /** Its result is flushed at once. */
  readonly solo: boolean;
}

/** How an execution ended. */
export type ExecutionOutcome =
  | { readonly ok: true; readonly payload: Uint8Array }
  | { readonly ok: false; readonly error: ErrorInfo; readonly retryable: boolean };

/** What is kept until the distributor confirms it. */
type Kept =
  | { readonly kind: "result"; readonly item: ItemPayload; sentAt: number; wait: number }
  | {
      readonly kind: "fail";
      readonly item: ItemRef;
      readonly message: Message;
      sentAt: number;
      wait: number;
    };

export interface WorkerCoreOptions {
  readonly workerId: string;
  readonly taskType: string;
  readonly concurrency: number;
  /** Longest wait for the distributor, in ms. */
  readonly peerTimeout: number;
}

export interface WorkerPort {
  toDistributor(message: Message): void;
  toCollector(message: Message): void;
  /** A run begins: initialise, then call `initialised`. */
  begin(welcome: Welcome): void;
  /** Nobody wants the result of this running execution any more. */
  abandon(execution: Execution): void;
  /** Items arrived: call `next`. */
  work(): void;
  over(status: RunStatus | undefined, error: Error | undefined): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

type Phase =
  /** No run is known yet. */
  | { readonly kind: "waiting" }
  | { readonly kind: "initialising"; readonly runId: string }
  | { readonly kind: "working"; readonly runId: string }
  /** Finishes what runs, takes nothing more. */
  | { readonly kind: "leaving"; readonly runId: string }
  | { readonly kind: "over" };

/**
 * The worker's state machine: its local queue, what it executes, and the outcomes it keeps until they are confirmed. The
 * shell asks for the next execution whenever it has a slot free, and reports how it ended.
 */
export class WorkerCore {
  readonly #options: WorkerCoreOptions;
  readonly #port: WorkerPort;
  readonly #clock = new RoleClock();
  #phase: Phase = { kind: "waiting" };
  readonly #queue = new Fifo<Execution>();
  readonly #running = new Map<number, Execution>();
  readonly #kept = new Map<number, Kept>();
  /** Results not yet sent for the first time. */
  #batch: ItemPayload[] = [];
  #batchBytes = 0;
  #batchBusy = 0;
  #batchSince = 0;
  /** A peer is ready when it has answered our hello on this connection; the collector is greeted once a run is known. */
  #collector: "down" | "connected" | "greeted" | "ready" = "down";
  #distributor: "down" | "greeted" | "ready" = "down";
  #nextHello = 0;
  #missingSince = 0;
  #nextResendCheck = 0;

  constructor(options: WorkerCoreOptions, port: WorkerPort) {
    this.#options = options;
    this.#port = port;
  }

  get runId(): string {
    return this.#phase.kind === "waiting" || this.#phase.kind === "over" ? "" : this.#phase.runId;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** Outcomes that nobody has confirmed yet. */
  get unconfirmed(): number {
    return this.#kept.size;
  }

  distributorConnected(): void {
    this.#distributor = "greeted";
    this.#nextHello = this.#clock.now + HELLO_MS;
    this.#hello(this.#port.toDistributor, this.#held());
  }

  distributorDisconnected(): void {
    if (this.#distributor !== "down") this.#missingSince = this.#clock.now;
    this.#distributor = "down";
  }

  collectorConnected(): void {
    this.#collector = "connected";
    this.#greetCollector();
  }

  collectorDisconnected(): void {
    this.#collector = "down";
  }

  distributorMessage(message: Message): void {
    if (this.#phase.kind === "over") return;
    if (message.type === "refuse") {
      const error = new PipelineError(
        "PEER_REFUSED",
        `The distributor refused this worker: ${message.reason}`,
        {
          role: "worker",
          taskType: this.#options.taskType,
        },
      );
      return this.#over(undefined, error);
    }
    if (message.type === "welcome") return this.#welcome(message);
    if (message.type === "end" && (message.runId === this.runId || this.#phase.kind === "waiting")) {
      return this.#end(message.runId, message.status);
    }
    if (message.runId !== this.runId) return this.#stray(message);
    if (message.type === "grant") this.#grant(message);
    else if (message.type === "recall") this.#giveBack(message.count);
    else if (message.type === "revoke") this.#revoke(message);
    else if (message.type === "resend") this.#sendKeptResults();
    else if (message.type === "ping") this.#port.toDistributor({ type: "pong", runId: this.runId });
  }

  collectorMessage(message: Message): void {
    if (message.type === "refuse") {
      this.#port.note("the collector refused this worker", { reason: message.reason });
      return;
    }
    if (message.type !== "welcome" || message.runId !== this.runId) return this.#stray(message);
    // A connection began, or the collector did: whatever was on its way may be gone.
    this.#collector = "ready";
    this.#sendKeptResults();
  }

  /** The shell has initialised the user's worker for a run. */
  initialised(runId: string): void {
    if (this.#phase.kind !== "initialising" || this.#phase.runId !== runId) return;
    this.#phase = { kind: "working", runId: this.#phase.runId };
    this.#ready();
  }

  /** Takes the next item off the queue, if there is one. */
  next(): Execution | undefined {
    const execution = this.#queue.shift();
    if (execution !== undefined) this.#running.set(execution.seq, execution);
    return execution;
  }

  /**
   * An execution ended.
   *
   * @param busy - Time its handler took, in ms.
   * @param real - The time now, in ms, of the clock that `tick` gets.
   * @returns Whether anything was sent because of it.
   */
  finished(execution: Execution, outcome: ExecutionOutcome, busy: number, real: number): boolean {
    if (this.#running.get(execution.seq) !== execution) return false; // abandoned: settled elsewhere, or of an earlier run
    let sent = true;
    this.#running.delete(execution.seq);
    const { seq, attempt } = execution;
    if (outcome.ok) {
      const item: ItemPayload = { seq, attempt, payload: outcome.payload };
      this.#kept.set(seq, { kind: "result", item, sentAt: this.#clock.now, wait: RESEND_MS });
      if (this.#batch.length === 0) this.#batchSince = real;
      this.#batch.push(item);
      this.#batchBytes += outcome.payload.length;
      this.#batchBusy += busy;
      sent = execution.solo || this.#flushIsDue(real);
      if (sent) this.flush();
    } else {
      const { error, retryable } = outcome;
      const message: Message = { type: "fail", runId: this.runId, seq, attempt, retryable, error };
      const item = { seq, attempt };
      this.#kept.set(seq, { kind: "fail", item, message, sentAt: this.#clock.now, wait: RESEND_MS });
      this.#port.toDistributor(message);
    }
    this.#leaveIfDone();
    return sent;
  }

  /** Sends the results that wait. */
  flush(): void {
    if (this.#batch.length === 0 || this.#collector !== "ready") return;
    const items = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#result(items, this.#batchBusy);
    this.#batchBusy = 0;
  }

  /** Takes no more items, gives back those not started, and is over when the running ones are confirmed. */
  leave(): void {
    if (this.#phase.kind === "waiting" || this.#phase.kind === "initialising")
      return this.#over("stopped", undefined);
    if (this.#phase.kind !== "working") return;
    this.#phase = { kind: "leaving", runId: this.#phase.runId };
    this.#giveBack(this.#queue.size);
    this.flush();
    this.#leaveIfDone();
  }

  /** Ends at once; what was not confirmed goes to others when the distributor sees this worker gone. */
  abort(error?: Error): void {
    if (this.#phase.kind !== "over") this.#over("stopped", error);
  }

  tick(real: number): void {
    this.#clock.tick(real);
    const now = this.#clock.now;
    if (this.#phase.kind === "over") return;
    if (this.#batch.length > 0 && this.#flushIsDue(real)) this.flush();
    if (now >= this.#nextResendCheck) this.#resend(now);
    if (now >= this.#nextHello) this.#repeatHello();
    if (this.#distributor === "down" && now - this.#missingSince >= this.#options.peerTimeout) {
      const { peerTimeout, taskType } = this.#options;
      const message = `No distributor answered within ${peerTimeout} ms`;
      this.#over(undefined, new PipelineError("PEER_TIMEOUT", message, { role: "worker", taskType }));
    }
  }

  // --- the distributor ------------------------------------------------------------------------------------------------

  #hello(send: (message: Message) => void, held: readonly ItemRef[]): void {
    const { workerId, taskType } = this.#options;
    send({ type: "hello", runId: this.runId, role: "worker", peerId: workerId, taskType, held });
  }

  /** An answer may take long, or be lost. */
  #repeatHello(): void {
    this.#nextHello = this.#clock.now + HELLO_MS;
    if (this.#distributor === "greeted") this.#hello(this.#port.toDistributor, this.#held());
    if (this.#collector === "greeted") this.#hello(this.#port.toCollector, []);
  }

  #welcome(welcome: Welcome): void {
    this.#distributor = "ready";
    if (welcome.runId === this.runId) {
      if (this.#phase.kind === "working") this.#ready();
      else if (this.#phase.kind === "leaving") this.#giveBack(0);
      return;
    }
    if (this.runId !== "") {
      this.#port.note("the distributor began another run", { runId: welcome.runId });
      this.#dropRun();
    }
    this.#phase = { kind: "initialising", runId: welcome.runId };
    this.#greetCollector();
    this.#port.begin(welcome);
  }

  #ready(): void {
    this.#port.toDistributor({ type: "ready", runId: this.runId, concurrency: this.#options.concurrency });
  }

  #grant(grant: Grant): void {
    this.#forget(grant.settled);
    for (const { seq, attempt } of grant.failuresSeen) {
      const kept = this.#kept.get(seq);
      if (kept?.kind === "fail" && kept.item.attempt === attempt) this.#kept.delete(seq);
    }
    for (const { seq, attempt, payload } of grant.items) {
      this.#kept.delete(seq); // a FAIL that was seen, or there would be no further attempt
      this.#queue.push({ runId: grant.runId, solo: grant.solo, seq, attempt, payload });
    }
    if (this.#phase.kind === "leaving" && grant.items.length > 0) this.#giveBack(this.#queue.size);
    this.#leaveIfDone();
    if (grant.items.length > 0) this.#port.work();
  }

  /** The distributor needs nothing more of these items from here. */
  #forget(settled: readonly number[]): void {
    const others = new Set<number>();
    for (const seq of settled) {
      if (this.#kept.delete(seq)) continue;
      const running = this.#running.get(seq);
      if (running === undefined) {
        others.add(seq);
      } else {
        this.#running.delete(seq);
        this.#port.abandon(running);
      }
    }
    if (others.size > 0 && this.#queue.size > 0) this.#queue.filter(({ seq }) => !others.has(seq));
  }

  /** Gives back up to `count` items from the end of the queue, and says so even when there are none. */
  #giveBack(count: number): void {
    const items: ItemRef[] = [];
    while (items.length < count) {
      const execution = this.#queue.pop();
      if (execution === undefined) break;
      items.push({ seq: execution.seq, attempt: execution.attempt });
    }
    this.#port.toDistributor({
      type: "returned",
      runId: this.runId,
      leaving: this.#phase.kind === "leaving",
      items,
    });
  }

  #revoke(revoke: Revoke): void {
    const taken = new Map(revoke.items.map(({ seq, attempt }) => [seq, attempt]));
    this.#queue.filter(({ seq, attempt }) => taken.get(seq) !== attempt);
  }

  #end(runId: string, status: RunStatus): void {
    this.#port.toDistributor({ type: "bye", runId });
    this.#over(status, undefined);
  }

  #greetCollector(): void {
    if (this.#collector !== "connected" || this.runId === "") return;
    this.#collector = "greeted";
    this.#hello(this.#port.toCollector, []);
  }

  // --- the collector --------------------------------------------------------------------------------------------------

  /** A batch goes out when it is full, has waited, holds half of what is here, or nothing is left to wait for. */
  #flushIsDue(real: number): boolean {
    return (
      this.#batch.length >= BATCH_ITEMS ||
      this.#batchBytes >= BATCH_BYTES ||
      this.#batch.length >= this.#queue.size + this.#running.size ||
      real - this.#batchSince >= FLUSH_MS
    );
  }

  #sendKeptResults(): void {
    if (this.#collector !== "ready") return;
    this.#batch = []; // those are kept too
    this.#batchBytes = 0;
    this.#batchBusy = 0;
    this.#sendResults([...this.#kept.values()].filter((kept) => kept.kind === "result"));
  }

  #sendResults(results: readonly (Kept & { kind: "result" })[]): void {
    let items: ItemPayload[] = [];
    let bytes = 0;
    for (const kept of results) {
      kept.sentAt = this.#clock.now;
      items.push(kept.item);
      bytes += kept.item.payload.length;
      if (items.length < BATCH_ITEMS && bytes < BATCH_BYTES) continue;
      this.#result(items, 0);
      items = [];
      bytes = 0;
    }
    if (items.length > 0) this.#result(items, 0);
  }

  /** @param busy - Handler time of the items in ms; 0: not measured, or reported before. */
  #result(items: readonly ItemPayload[], busy: number): void {
    const { workerId, taskType } = this.#options;
    this.#port.toCollector({
      type: "result",
      runId: this.runId,
      taskType,
      workerId,
      busy: Math.ceil(busy * 1000),
      items,
    });
  }

  #resend(now: number): void {
    this.#nextResendCheck = now + RESEND_CHECK_MS;
    const due: Kept[] = [];
    for (const kept of this.#kept.values()) if (now - kept.sentAt >= kept.wait) due.push(kept);
    if (due.length === 0) return;
    this.#port.note("unconfirmed outcomes are sent again", { count: due.length });
    const results: (Kept & { kind: "result" })[] = [];
    for (const kept of due) {
      kept.sentAt = now;
      kept.wait = Math.min(kept.wait * 2, MAX_RESEND_MS);
      if (kept.kind === "fail") this.#port.toDistributor(kept.message);
      else results.push(kept);
    }
    if (this.#collector === "ready") this.#sendResults(results);
  }

  // --- endings --------------------------------------------------------------------------------------------------------

  #held(): ItemRef[] {
    const refs = ({ seq, attempt }: ItemRef) => ({ seq, attempt });
    const kept = [...this.#kept.values()].map(({ item }) => refs(item));
    return [...[...this.#queue].map(refs), ...[...this.#running.values()].map(refs), ...kept];
  }

  #leaveIfDone(): void {
    if (this.#phase.kind !== "leaving" || this.#running.size > 0 || this.#kept.size > 0) return;
    this.#port.toDistributor({ type: "bye", runId: this.runId });
    this.#over("stopped", undefined);
  }

  #dropRun(): void {
    for (const execution of this.#running.values()) this.#port.abandon(execution);
    this.#queue.clear();
    this.#running.clear();
    this.#kept.clear();
    this.#batch = [];
    this.#batchBytes = 0;
    this.#batchBusy = 0;
    if (this.#collector !== "down") this.#collector = "connected";
  }

  #over(status: RunStatus | undefined, error: Error | undefined): void {
    this.#dropRun();
    this.#phase = { kind: "over" };
    this.#port.over(status, error);
  }

  #stray(message: Message): void {
    this.#port.note("message of another run dropped", { type: message.type });
  }
}
