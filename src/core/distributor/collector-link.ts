import type { Trust } from "../../protocol/batch-message.ts";
import type { DistributorToAckLink, DistributorToCollector } from "../../protocol/message.ts";
import type { TaskLedger } from "./task-ledger.ts";

/** Most sequence numbers of items that are executed again in one message. */
const AGAIN_ITEMS = 10_000;

/** How often the collector is told of a task's items between two ticks: results that arrive meanwhile wait there for the next tick. */
const TOLD_PER_TICK = 4;

export interface CollectorLinkOptions {
  readonly runId: string;
  readonly peerId: string;
  readonly tasks: readonly string[];
  readonly trust: Trust;
  readonly context: string;
}

export interface CollectorLinkPort {
  toCollector(message: DistributorToCollector): void;
  toAckLink(message: DistributorToAckLink): void;
}

/** The distributor's two links to the collector: opens the run on the data link, says hello on the ACK link, knows when both are answered. */
export class CollectorLink {
  readonly #options: CollectorLinkOptions;
  readonly #port: CollectorLinkPort;
  /** Whether the data link is connected, answered or not. */
  isConnected = false;
  readonly #welcome = { data: false, ack: false };
  /** What the collector was told of each task since it answered last on the data link. */
  readonly #told = new Map<TaskLedger, { count: number; all: boolean; at: number; times: number }>();
  /** Since when one of the links is not answered. */
  missingSince = 0;
  /** Whether the collector has confirmed END, or cannot do so. */
  hasEnded = false;

  constructor(options: CollectorLinkOptions, port: CollectorLinkPort) {
    this.#options = options;
    this.#port = port;
  }

  /** Whether the collector has answered on both links. */
  get isReady(): boolean {
    return this.#welcome.data && this.#welcome.ack;
  }

  get takesData(): boolean {
    return this.#welcome.data;
  }

  connected(): void {
    this.isConnected = true;
    this.#welcome.data = false;
  }

  ackLinkConnected(): void {
    this.#welcome.ack = false;
    this.#hello();
  }

  disconnected(link: "data" | "ack", now: number): void {
    if (this.isReady) this.missingSince = now;
    this.#welcome[link] = false;
    if (link === "data") this.isConnected = false;
  }

  welcomed(link: "data" | "ack"): void {
    this.#welcome[link] = true;
    if (link === "data") this.#told.clear();
  }

  /**
   * Tells the collector which items of a task exist, unless it was told of all of them, cannot be told now, or was told so often since the last
   * tick that the next one will do. With trust `"assigned"`, the collector hears of the items that workers are given instead.
   */
  produced(task: TaskLedger, now: number): void {
    if (!this.takesData || this.#options.trust === "assigned") return;
    const { nextSeq: count, producedAll: all, name: taskType } = task;
    const told = this.#told.get(task);
    if (told?.count === count && told.all === all) return;
    const times = told?.at === now ? told.times + 1 : 1;
    if (times > TOLD_PER_TICK && told?.all === all) return;
    this.#told.set(task, { count, all, at: now, times });
    const { runId } = this.#options;
    const again = told === undefined ? [...task.again] : [];
    // `all` ends the collector's patience with what it does not know, so it comes last.
    while (again.length > AGAIN_ITEMS) {
      const some = again.splice(-AGAIN_ITEMS);
      this.#port.toCollector({ type: "produced", runId, taskType, count, all: false, again: some });
    }
    this.#port.toCollector({ type: "produced", runId, taskType, count, all, again });
  }

  /** Tells the collector of the run. */
  open(metadata: Uint8Array): void {
    const { runId, peerId, tasks, trust, context } = this.#options;
    this.#port.toCollector({ type: "open", runId, peerId, tasks, trust, context, metadata });
  }

  /** Repeats what the collector has not answered. */
  repeat(metadata: Uint8Array): void {
    if (!this.#welcome.data) this.open(metadata);
    if (!this.#welcome.ack) this.#hello();
  }

  #hello(): void {
    const { runId, peerId } = this.#options;
    this.#port.toAckLink({
      type: "hello",
      runId,
      role: "distributor",
      peerId,
      taskType: "",
      ticket: "",
      held: [],
    });
  }
}
