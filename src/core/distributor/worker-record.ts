import type { ItemRef } from "../../protocol/batch-message.ts";
import { Window, type WindowLimits } from "../window.ts";
import type { Item, Place } from "./item.ts";
import { Reliability } from "./reliability.ts";
import type { TaskLedger } from "./task-ledger.ts";

export type WorkerRecordPhase =
  /** Said hello; is being initialised. */
  | { readonly kind: "new"; readonly since: number }
  | { readonly kind: "ready" }
  /** Its connection ended; it may come back until then. */
  | { readonly kind: "detached"; readonly until: number }
  /** Its main thread is stuck in these items, says its watching thread. Alive and busy, unless they are over their timeout. */
  | {
      readonly kind: "blocked";
      readonly since: number;
      readonly running: readonly number[];
      readonly expired: boolean;
    }
  /** Connected, but has said nothing for longer than its handler may run; these items were with it. */
  | { readonly kind: "silent"; readonly since: number; readonly running: readonly number[] }
  /** Finishes what it started and takes nothing more. */
  | { readonly kind: "leaving" };

/** How long a worker that is being initialised is waited for by items that have failed on all others, in ms. */
const INIT_MS = 60_000;

/** What the distributor knows of one worker. */
export class WorkerRecord {
  readonly id: string;
  readonly task: TaskLedger;
  /** The connection it was last heard on. */
  connection: string;
  phase: WorkerRecordPhase;
  /** The place of every item it holds. */
  readonly place: Place = { at: "worker", worker: this };
  concurrency = 1;
  window: Window;
  held = 0;
  /** Those of them that have failed before, somewhere. */
  heldFailed = 0;
  heldBytes = 0;
  /** The one item it holds while it works on a suspect. */
  suspect: Item | undefined;
  /** To be confirmed with the next grant. */
  settled: number[] = [];
  failuresSeen: ItemRef[] = [];
  lastHeard: number;
  /** Results of it that were ACKed. */
  acked = 0;
  /** A recall is under way. */
  recalled = false;
  /** When the next one may follow, in ms of the role's clock. */
  nextRecall = 0;
  /** When something was last known to begin or to end on it, in ms of the role's clock. */
  progressAt: number;
  readonly record = new Reliability();

  readonly #limits: WindowLimits;

  constructor(id: string, task: TaskLedger, connection: string, limits: WindowLimits, now: number) {
    this.id = id;
    this.task = task;
    this.connection = connection;
    this.#limits = limits;
    this.window = new Window(1, limits);
    this.phase = { kind: "new", since: now };
    this.lastHeard = now;
    this.progressAt = now;
  }

  /** Items that it holds and cannot be executing. */
  get waiting(): number {
    return this.held - this.concurrency;
  }

  /** It takes items, or will before long: what it executes now may take as long as it likes. */
  isHopeful(now: number): boolean {
    const { phase } = this;
    if (phase.kind === "blocked") return !phase.expired;
    if (phase.kind === "new") return now < phase.since + INIT_MS;
    return phase.kind !== "silent" && phase.kind !== "leaving";
  }

  /** It is there, and may be at work: it is not stuck in an item for longer than that may take. */
  get isAnswering(): boolean {
    return this.phase.kind === "blocked" ? !this.phase.expired : this.phase.kind !== "silent";
  }

  ready(concurrency: number): void {
    this.phase = { kind: "ready" };
    if (concurrency !== this.concurrency) this.window = new Window(concurrency, this.#limits);
    this.concurrency = concurrency;
  }

  /** Whether it may hold another item, of `limit` at the most. An empty worker always may, however large the item. */
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
