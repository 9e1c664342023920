import type { ItemRef } from "../protocol/batch-message.ts";
import { Fifo } from "../structures/fifo.ts";
import { SeqMap } from "../structures/seq-map.ts";
import type { Execution } from "./execution.ts";

export interface WorkloadPort<E extends Execution> {
  /** The number that the worker's peer knows the execution by. */
  keyOf(execution: E): number;
  /**
   * The result of this running execution is not needed any more.
   *
   * @returns Whether the execution keeps its place until its outcome is reported.
   */
  abandon(execution: E): boolean;
}

/** What a worker has to execute: its local queue, and what it executes now. */
export class Workload<E extends Execution> {
  readonly #port: WorkloadPort<E>;
  readonly #queue = new Fifo<E>();
  readonly #running = new SeqMap<E>();

  constructor(port: WorkloadPort<E>) {
    this.#port = port;
  }

  /** How many wait in the queue. */
  get queued(): number {
    return this.#queue.size;
  }

  /** How many are executed now. */
  get running(): number {
    return this.#running.size;
  }

  get refs(): ItemRef[] {
    return [...this.#queue, ...this.#running.values()].map((execution) => this.#refOf(execution));
  }

  add(execution: E): void {
    this.#queue.push(execution);
  }

  /** What waits in the queue; 0 is the next. */
  upcoming(index: number): E | undefined {
    return this.#queue.peek(index);
  }

  /** Takes the next execution off the queue, if there is one, and counts it as running. */
  next(): E | undefined {
    const execution = this.#queue.shift();
    if (execution !== undefined) this.#running.set(this.#port.keyOf(execution), execution);
    return execution;
  }

  /**
   * An execution has ended.
   *
   * @returns False when it was dropped before: it was settled elsewhere, or belongs to an earlier run or connection.
   */
  ended(execution: E): boolean {
    const key = this.#port.keyOf(execution);
    if (this.#running.get(key) !== execution) return false;
    this.#running.delete(key);
    return true;
  }

  /**
   * Drops what is not needed any more, queued or running.
   *
   * @returns What is over now. A running execution that keeps its place is not among them.
   */
  drop(keys: Iterable<number>): ItemRef[] {
    const dropped: ItemRef[] = [];
    const others = new Set<number>();
    for (const key of keys) {
      const running = this.#running.get(key);
      if (running === undefined) {
        others.add(key);
      } else if (!this.#port.abandon(running)) {
        this.#running.delete(key);
        dropped.push(this.#refOf(running));
      }
    }
    if (others.size > 0 && this.#queue.size > 0) {
      this.#queue.filter((execution) => {
        const isDropped = others.has(this.#port.keyOf(execution));
        if (isDropped) dropped.push(this.#refOf(execution));
        return !isDropped;
      });
    }
    return dropped;
  }

  /** Takes exactly these attempts off the queue; what runs goes on. */
  revoke(items: readonly ItemRef[]): void {
    const revoked = new Map(items.map(({ seq, attempt }) => [seq, attempt]));
    this.#queue.filter((execution) => revoked.get(this.#port.keyOf(execution)) !== execution.attempt);
  }

  /** Takes up to `count` executions off the end of the queue. */
  giveBack(count: number): ItemRef[] {
    const items: ItemRef[] = [];
    while (items.length < count) {
      const execution = this.#queue.pop();
      if (execution === undefined) break;
      items.push(this.#refOf(execution));
    }
    return items;
  }

  clear(): void {
    for (const execution of this.#running.values()) this.#port.abandon(execution);
    this.#queue.clear();
    this.#running.clear();
  }

  #refOf(execution: E): ItemRef {
    return { seq: this.#port.keyOf(execution), attempt: execution.attempt };
  }
}
