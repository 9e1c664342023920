import type { Assigned, Failed, Produced, Result, Trust } from "../../protocol/batch-message.ts";
import { Inbox } from "./inbox.ts";
import { ResultGate, type ResultGatePort } from "./result-gate.ts";

/**
 * Most bytes of results that wait for the handler from one connection. More is dropped, without an ACK: the worker keeps it and sends it
 * again. A worker of this library has windows far below that.
 */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;

/** Most bytes of results that wait for the handler from all connections: a peer may open many of them. More is dropped in the same way. */
const MAX_ALL_WAITING_BYTES = 2 * 1024 * 1024 * 1024;

export interface RunItemsPort extends ResultGatePort {
  /** Something waits in the inbox for the handler. */
  arrived(): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

/** One run's items at the collector: results and failures from their arrival, through the gate, to the inbox. */
export class RunItems {
  readonly inbox = new Inbox();
  /** Number of results that were new when they arrived. */
  useful = 0;
  readonly #port: RunItemsPort;
  #trust: Trust;
  #gate: ResultGate;
  /** Number of results that earlier gates have refused. */
  #refusedBefore = 0;

  /**
   * @param tasks - The names of the run's tasks.
   * @param trust - Whose results are taken.
   */
  constructor(tasks: readonly string[], trust: Trust, port: RunItemsPort) {
    this.#port = port;
    this.#trust = trust;
    this.#gate = new ResultGate(tasks, trust, this.inbox, port);
  }

  /** Number of results that were refused. */
  get refused(): number {
    return this.#refusedBefore + this.#gate.refused;
  }

  /** The run's distributor was started again, perhaps with another trust. Workers send again what has waited under the earlier one. */
  trustBy(trust: Trust): void {
    if (trust === this.#trust) return;
    this.#trust = trust;
    this.#refusedBefore = this.refused;
    this.#gate = new ResultGate(this.#gate.tasks, trust, this.inbox, this.#port);
  }

  /** Number of results that had come before, or were refused. */
  get #useless(): number {
    return this.inbox.duplicates + this.#gate.refused + this.#gate.repeated;
  }

  hasTask(name: string): boolean {
    return this.#gate.hasTask(name);
  }

  /** Results of one of the run's tasks have arrived from a worker. */
  result(connection: string, result: Result, now: number): void {
    const { runId, taskType: task, workerId, ticket, items } = result;
    // The ACK of a result without a worker would be that of a failure.
    if (workerId === "") return this.#port.note("results dropped: they name no worker", { task });
    const bytes = items.reduce((sum, { payload }) => sum + payload.length, 0);
    const waiting = this.inbox.bytesFrom(connection);
    if (waiting > 0 && waiting + bytes > MAX_WAITING_BYTES) {
      return this.#port.note("results dropped: too many bytes of their worker wait", { workerId, bytes });
    }
    const all = this.inbox.waitingBytes;
    if (all > 0 && all + bytes > MAX_ALL_WAITING_BYTES) {
      return this.#port.note("results dropped: too many bytes wait for the handler", { workerId, bytes });
    }
    const { length } = items;
    const before = this.#useless;
    const busyItems = result.busyMs > 0 ? length : 0;
    const busyMs = result.busyMs / length;
    const batch = { connection, bytes, runId, task, workerId, ticket, busyMs, busyItems, items };
    if (this.#gate.arrived(batch, now)) this.#port.arrived();
    this.useful += length - (this.#useless - before);
  }

  /** The distributor reports an item of one of the run's tasks that failed for good. */
  failed(connection: string, failed: Failed): void {
    const { runId, taskType: task, seq, attempts, payload, error } = failed;
    const items = [{ seq, attempt: attempts, payload }];
    const bytes = payload.length;
    const from = { connection, workerId: "", ticket: "" };
    this.#gate.failed({ ...from, bytes, runId, task, busyMs: 0, busyItems: 0, items, error });
    this.#port.arrived();
  }

  /** The distributor says which items of a task exist, or were given to a worker. */
  told(message: Produced | Assigned): void {
    if (this.#gate.told(message)) this.#port.arrived();
  }

  /** The run is complete: what waits to be taken is refused. */
  close(): void {
    this.#gate.close();
  }

  /** Refuses results that have waited for too long. @param isTold - Whether the distributor is there, and tells of items. */
  tick(now: number, isTold: boolean): void {
    this.#gate.tick(now, isTold);
  }
}
