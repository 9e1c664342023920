import type { Grant, ItemRef, Revoke } from "../../protocol/batch-message.ts";
import { Fifo } from "../../structures/fifo.ts";
import { SeqMap } from "../../structures/seq-map.ts";
import type { Execution } from "../execution.ts";

/** What a worker has to execute: its local queue, and what it executes now. */
export class Workload {
  readonly #queue = new Fifo<Execution>();
  readonly #running = new SeqMap<Execution>();
  readonly #abandon: (execution: Execution) => void;

  /** @param abandon - Nobody wants the result of this running execution any more. */
  constructor(abandon: (execution: Execution) => void) {
    this.#abandon = abandon;
  }

  get queued(): number {
    return this.#queue.size;
  }

  get running(): number {
    return this.#running.size;
  }

  get refs(): ItemRef[] {
    const ref = ({ seq, attempt }: ItemRef) => ({ seq, attempt });
    return [...[...this.#queue].map(ref), ...[...this.#running.values()].map(ref)];
  }

  add({ runId, solo, items }: Grant): void {
    for (const { seq, attempt, payload } of items) {
      this.#queue.push({ sourceId: runId, solo, seq, attempt, payload, context: "" });
    }
  }

  /** What waits in the queue; 0 is the next. */
  upcoming(index: number): Execution | undefined {
    return this.#queue.peek(index);
  }

  /** Takes the next item off the queue, if there is one: it runs. */
  next(): Execution | undefined {
    const execution = this.#queue.shift();
    if (execution !== undefined) this.#running.set(execution.seq, execution);
    return execution;
  }

  /** It runs no more. @returns False when it was abandoned before: settled elsewhere, or of an earlier run. */
  ended(execution: Execution): boolean {
    if (this.#running.get(execution.seq) !== execution) return false;
    this.#running.delete(execution.seq);
    return true;
  }

  /** These items were settled elsewhere. */
  forget(seqs: readonly number[]): void {
    const others = new Set<number>();
    for (const seq of seqs) {
      const running = this.#running.get(seq);
      if (running === undefined) {
        others.add(seq);
      } else {
        this.#running.delete(seq);
        this.#abandon(running);
      }
    }
    if (others.size > 0 && this.#queue.size > 0) this.#queue.filter(({ seq }) => !others.has(seq));
  }

  /** Takes up to `count` items off the end of the queue. */
  giveBack(count: number): ItemRef[] {
    const items: ItemRef[] = [];
    while (items.length < count) {
      const execution = this.#queue.pop();
      if (execution === undefined) break;
      items.push({ seq: execution.seq, attempt: execution.attempt });
    }
    return items;
  }

  revoke({ items }: Revoke): void {
    const taken = new Map(items.map(({ seq, attempt }) => [seq, attempt]));
    this.#queue.filter(({ seq, attempt }) => taken.get(seq) !== attempt);
  }

  clear(): void {
    for (const execution of this.#running.values()) this.#abandon(execution);
    this.#queue.clear();
    this.#running.clear();
  }
}
