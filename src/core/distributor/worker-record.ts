import type { Hello, ItemRef } from "../../protocol/batch-message.ts";
import { Window, type WindowLimits } from "../window.ts";
import type { Item, Place } from "./item.ts";
import { Reliability } from "./reliability.ts";
import type { TaskLedger } from "./task-ledger.ts";

/** How a worker stands. */
export type WorkerRecordPhase =
  /** Said hello; is being initialised. */
  | { readonly kind: "new"; readonly since: number }
  | { readonly kind: "ready" }
  /** The connection ended; the worker may come back before `until`. */
  | { readonly kind: "detached"; readonly until: number }
  /** The watching thread reports that the main thread is stuck in these items. `expired`: for longer than the task's timeout. */
  | {
      readonly kind: "blocked";
      readonly since: number;
      readonly running: readonly number[];
      readonly expired: boolean;
    }
  /** Connected, but has sent nothing for longer than its handler may run; `running` are the items that it held. */
  | { readonly kind: "silent"; readonly since: number; readonly running: readonly number[] }
  /** Finishes the items that it has begun and takes no more. */
  | { readonly kind: "leaving" };

/** How long items that have failed on all other workers wait for one that is being initialised, in ms. */
const INIT_MS = 60_000;

/**
 * How many items for each slot a worker with several slots begins with: the next ones are there when the first have ended. What waits
 * behind a long one can be recalled at once, because such a worker's main thread seldom blocks.
 */
const FIRST_PER_SLOT = 5;

/** What the distributor knows of one worker. */
export class WorkerRecord {
  readonly id: string;
  readonly task: TaskLedger;
  /** A secret of the worker and the distributor: the worker shows it with its results, and when it comes back. */
  readonly ticket: string;
  /** The connection on which it was heard last. */
  connection: string;
  phase: WorkerRecordPhase;
  /** The place of every item that it holds; one object, so that places can be compared. */
  readonly place: Place = { at: "worker", worker: this };
  concurrency = 1;
  window: Window;
  /** Items granted and not yet ACKed. */
  held = 0;
  /** Held items that have failed before, on any worker. */
  heldFailed = 0;
  heldBytes = 0;
  /** The suspect that it holds; it then holds nothing else. */
  suspect: Item | undefined;
  /** Settled items that the worker has to be told of, with the next grant. */
  settled: number[] = [];
  /** Attempts whose FAIL arrived; the worker has to be told of them, too. */
  failuresSeen: ItemRef[] = [];
  lastHeard: number;
  /** Results of this worker that were ACKed. */
  acked = 0;
  /** A recall is under way. */
  recalled = false;
  /** When the next recall may follow, in ms of the role's clock. */
  nextRecall = 0;
  /** When an execution was last known to begin or to end on it, in ms of the role's clock. */
  progressAt: number;
  readonly reliability = new Reliability();

  readonly #limits: WindowLimits;

  constructor(
    hello: Pick<Hello, "peerId" | "ticket">,
    task: TaskLedger,
    connection: string,
    limits: WindowLimits,
    now: number,
  ) {
    this.id = hello.peerId;
    this.task = task;
    this.ticket = hello.ticket;
    this.connection = connection;
    this.#limits = limits;
    this.window = new Window(1, limits);
    this.phase = { kind: "new", since: now };
    this.lastHeard = now;
    this.progressAt = now;
  }

  /** How many of the items that it holds cannot be executing. */
  get waiting(): number {
    return this.held - this.concurrency;
  }

  /** Whether it takes items, or will before long, however long its present execution takes. */
  willTakeItems(now: number): boolean {
    const { phase } = this;
    if (phase.kind === "blocked") return !phase.expired;
    if (phase.kind === "new") return now < phase.since + INIT_MS;
    return phase.kind !== "silent" && phase.kind !== "leaving";
  }

  /** Whether it may be at work: connected, and not stuck in an item for longer than the task's timeout. */
  get isAnswering(): boolean {
    return this.phase.kind === "blocked" ? !this.phase.expired : this.phase.kind !== "silent";
  }

  ready(concurrency: number): void {
    this.phase = { kind: "ready" };
    const firstPerSlot = concurrency > 1 ? FIRST_PER_SLOT : 1;
    if (concurrency !== this.concurrency) this.window = new Window(concurrency, this.#limits, firstPerSlot);
    this.concurrency = concurrency;
  }

  /** Whether it may hold another item, with at most `limit` in all. An empty worker may hold any item, however large. */
  hasRoom(limit: number): boolean {
    return this.held === 0 || (this.held < limit && this.heldBytes < this.#limits.windowBytes);
  }

  hold(item: Item): void {
    if (this.held === 0) this.progressAt = item.grantedAt;
    this.held += 1;
    this.heldBytes += item.payload.length;
    if (item.failedOn.length > 0) this.heldFailed += 1;
  }

  release(item: Item): void {
    this.held -= 1;
    this.heldBytes -= item.payload.length;
    if (item.failedOn.length > 0) this.heldFailed -= 1;
    if (this.suspect === item) this.suspect = undefined;
  }
}
