import type { ItemPayload } from "../../protocol/batch-message.ts";
import { type DeliveryBatch, partOf } from "./inbox.ts";

/** Most results of one connection that wait: as many as a worker holds, with the default window. */
const MAX_ITEMS = 8192;

/** Most bytes of results of one connection that wait. A first result may be larger. */
const MAX_BYTES = 16 * 1024 * 1024;

/** How many connections' worth of results wait in all. */
const MAX_SHARES = 16;

interface Amount {
  items: number;
  bytes: number;
}

interface WaitingResult {
  readonly connection: string;
  readonly amount: Amount;
  readonly since: number;
  /** How many results had come to wait before it. */
  readonly order: number;
  /** The batch of the result, without items. */
  readonly batch: DeliveryBatch;
  readonly item: ItemPayload;
}

/** Results whose items are not known to exist, of each task by sequence number, the first one of each item. */
export class WaitingResults {
  readonly #tasks = new Map<string, Map<number, WaitingResult>>();
  readonly #connections = new Map<string, Amount>();
  readonly #all: Amount = { items: 0, bytes: 0 };
  #order = 0;
  /** Number of repeated deliveries, which were dropped. */
  repeated = 0;

  /** @returns How many of the results are too many to wait. */
  add(batch: DeliveryBatch, now: number): number {
    const { connection } = batch;
    const head = partOf(batch, []);
    const amount = this.#connections.get(connection) ?? { items: 0, bytes: 0 };
    let waiting = this.#tasks.get(batch.task);
    if (waiting === undefined) {
      waiting = new Map();
      this.#tasks.set(batch.task, waiting);
    }
    let tooMany = 0;
    for (const { seq, attempt, payload } of batch.items) {
      if (waiting.has(seq)) {
        this.repeated += 1;
        continue;
      }
      if (!this.#hasRoom(amount, payload.length)) {
        tooMany += 1;
        continue;
      }
      // A copy: the payload would keep all bytes of its message in memory.
      const item = { seq, attempt, payload: new Uint8Array(payload) };
      waiting.set(seq, { connection, amount, since: now, order: this.#order++, batch: head, item });
      this.#count(amount, 1, payload.length);
    }
    if (amount.items > 0) this.#connections.set(connection, amount);
    return tooMany;
  }

  /** Takes the results of a task's items from one number to another. */
  takeRange(task: string, from: number, to: number): DeliveryBatch[] {
    const waiting = this.#tasks.get(task);
    if (waiting === undefined || waiting.size === 0) return [];
    // A range can be much larger than what waits, and what waits much larger than a range.
    if (to - from > waiting.size) return this.takeWhere(task, (seq) => seq >= from && seq < to);
    const taken: WaitingResult[] = [];
    for (let seq = from; seq < to; seq++) this.#take(waiting, waiting.get(seq), taken);
    // The handler gets results as they came.
    return batchesOf(taken.sort((one, other) => one.order - other.order));
  }

  /** Takes the results of a task's items that fulfil a condition. */
  takeWhere(task: string, isWanted: (seq: number) => boolean): DeliveryBatch[] {
    const waiting = this.#tasks.get(task);
    const taken: WaitingResult[] = [];
    if (waiting === undefined) return [];
    for (const result of waiting.values()) if (isWanted(result.item.seq)) this.#take(waiting, result, taken);
    return batchesOf(taken);
  }

  /** Takes what has waited since before the given time. */
  takeBefore(time: number): DeliveryBatch[] {
    const taken: WaitingResult[] = [];
    for (const waiting of this.#tasks.values()) {
      for (const result of waiting.values()) {
        if (result.since >= time) break; // they wait in the order in which they came
        this.#take(waiting, result, taken);
      }
    }
    return batchesOf(taken);
  }

  #hasRoom({ items, bytes }: Amount, size: number): boolean {
    if (items >= MAX_ITEMS || (items > 0 && bytes + size > MAX_BYTES)) return false;
    const all = this.#all;
    if (all.items >= MAX_SHARES * MAX_ITEMS) return false;
    return all.items === 0 || all.bytes + size <= MAX_SHARES * MAX_BYTES;
  }

  #take(
    waiting: Map<number, WaitingResult>,
    result: WaitingResult | undefined,
    taken: WaitingResult[],
  ): void {
    if (result === undefined) return;
    waiting.delete(result.item.seq);
    this.#count(result.amount, -1, -result.item.payload.length);
    if (result.amount.items === 0) this.#connections.delete(result.connection);
    taken.push(result);
  }

  #count(amount: Amount, items: number, bytes: number): void {
    for (const each of [amount, this.#all]) {
      each.items += items;
      each.bytes += bytes;
    }
  }
}

/** Puts results together that came in one message. */
function batchesOf(taken: readonly WaitingResult[]): DeliveryBatch[] {
  const batches = new Map<DeliveryBatch, ItemPayload[]>();
  for (const { batch, item } of taken) {
    const items = batches.get(batch) ?? [];
    batches.set(batch, items);
    items.push(item);
  }
  return [...batches].map(([batch, items]) => partOf(batch, items));
}
