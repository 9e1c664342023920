import type { ItemRef } from "../protocol/message.ts";
import type { Item, Place } from "./item.ts";
import type { TaskState } from "./task-state.ts";
import { Window, type WindowLimits } from "./window.ts";

export type WorkerPhase =
  /** Said hello; is being initialised. */
  | { readonly kind: "new" }
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
  /** Connected, but has said nothing for longer than its handler may run. */
  | { readonly kind: "silent" }
  /** Finishes what it started and takes nothing more. */
  | { readonly kind: "leaving" };

/** What the distributor knows of one worker. */
export class WorkerEntry {
  readonly id: string;
  readonly task: TaskState;
  /** The connection it was last heard on. */
  connection: string;
  phase: WorkerPhase = { kind: "new" };
  /** The place of every item it holds. */
  readonly place: Place = { at: "worker", worker: this };
  concurrency = 1;
  window: Window;
  held = 0;
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

  readonly #limits: WindowLimits;

  constructor(id: string, task: TaskState, connection: string, limits: WindowLimits, now: number) {
    this.id = id;
    this.task = task;
    this.connection = connection;
    this.#limits = limits;
    this.window = new Window(1, limits);
    this.lastHeard = now;
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
    this.held += 1;
    this.heldBytes += item.payload.length;
  }

  release(item: Item): void {
    this.held -= 1;
    this.heldBytes -= item.payload.length;
    if (this.suspect === item) this.suspect = undefined;
  }
}
