import type { Failed, Produced, Result } from "../../protocol/batch-message.ts";
import { type DeliveryBatch, Inbox } from "./inbox.ts";
import { ResultGate, type ResultGatePort } from "./result-gate.ts";

/**
 * Most bytes of results that wait for the handler from one connection. More is dropped, without an ACK: the worker keeps it and sends it
 * again. A worker of this library has windows far below that.
 */
const MAX_WAITING_BYTES = 256 * 1024 * 1024;

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
  readonly #gate: ResultGate;
  readonly #port: RunItemsPort;

  /** @param tasks - The names of the run's tasks. */
  constructor(tasks: readonly string[], port: RunItemsPort) {
    this.#port = port;
    this.#gate = new ResultGate(tasks, (batch) => this.#add(batch), port);
  }

  /** Number of results that were refused. */
  get refused(): number {
    return this.#gate.refused;
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
    const { runId, taskType: task, workerId, items } = result;
    const bytes = items.reduce((sum, { payload }) => sum + payload.length, 0);
    const waiting = this.inbox.bytesFrom(connection);
    if (waiting > 0 && waiting + bytes > MAX_WAITING_BYTES) {
      return this.#port.note("results dropped: too many bytes of their worker wait", { workerId, bytes });
    }
    const { length } = items;
    const before = this.#useless;
    const busyItems = result.busyMs > 0 ? length : 0;
    const busyMs = result.busyMs / length;
    this.#gate.arrived({ connection, bytes, runId, task, workerId, busyMs, busyItems, items }, now);
    this.useful += length - (this.#useless - before);
  }

  /** The distributor reports an item of one of the run's tasks that failed for good. */
  failed(connection: string, failed: Failed): void {
    const { runId, taskType: task, seq, attempts, payload, error } = failed;
    const items = [{ seq, attempt: attempts, payload }];
    const bytes = payload.length;
    this.#add({ connection, bytes, runId, task, workerId: "", busyMs: 0, busyItems: 0, items, error });
  }

  /** The distributor says which items of a task exist. */
  produced(message: Produced): void {
    this.#gate.produced(message);
  }

  /** Refuses results that have waited for too long. @param isTold - Whether the distributor is there, and says which items exist. */
  tick(now: number, isTold: boolean): void {
    this.#gate.tick(now, isTold);
  }

  #add(batch: DeliveryBatch): void {
    this.inbox.add(batch);
    this.#port.arrived();
  }
}
