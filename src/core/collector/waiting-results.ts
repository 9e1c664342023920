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
  readonly group: string;
  /** How many results had come to wait before it. */
  readonly order: number;
  /** The batch of the result, without items. */
  readonly batch: DeliveryBatch;
  readonly item: ItemPayload;
}

/** Results that the collector may not take yet, in groups, the first one of each item in a group. */
export class WaitingResults {
  /** The results of each group by sequence number. */
  readonly #groups = new Map<string, Map<number, WaitingResult>>();
  readonly #connections = new Map<string, Amount>();
  readonly #all: Amount = { items: 0, bytes: 0 };
  #order = 0;
  /** Number of repeated deliveries, which were dropped. */
  repeated = 0;

  /** @returns How many of the results are too many to wait. */
  add(group: string, batch: DeliveryBatch, now: number): number {
    const { connection } = batch;
    const head = partOf(batch, []);
    const amount = this.#connections.get(connection) ?? { items: 0, bytes: 0 };
    const waiting = this.#groups.get(group) ?? new Map<number, WaitingResult>();
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
      waiting.set(seq, { connection, amount, since: now, group, order: this.#order++, batch: head, item });
      this.#count(amount, 1, payload.length);
    }
    if (amount.items > 0) this.#connections.set(connection, amount);
    if (waiting.size > 0) this.#groups.set(group, waiting);
    return tooMany;
  }

  /** Takes a group's results of the items from one number to another. */
  takeRange(group: string, from: number, to: number): DeliveryBatch[] {
    const waiting = this.#groups.get(group);
    if (waiting === undefined) return [];
    // A range can be much larger than what waits, and what waits much larger than a range.
    if (to - from > waiting.size) return this.takeWhere(group, (seq) => seq >= from && seq < to);
    const taken: WaitingResult[] = [];
    for (let seq = from; seq < to; seq++) this.#take(waiting, waiting.get(seq), taken);
    return inOrder(taken);
  }

  /** Takes a group's results of certain items. */
  takeSeqs(group: string, seqs: readonly number[]): DeliveryBatch[] {
    const waiting = this.#groups.get(group);
    if (waiting === undefined) return [];
    const taken: WaitingResult[] = [];
    for (const seq of seqs) this.#take(waiting, waiting.get(seq), taken);
    return inOrder(taken);
  }

  /** Takes a group's results of the items that fulfil a condition. */
  takeWhere(group: string, isWanted: (seq: number) => boolean): DeliveryBatch[] {
    const waiting = this.#groups.get(group);
    const taken: WaitingResult[] = [];
    if (waiting === undefined) return [];
    for (const result of waiting.values()) if (isWanted(result.item.seq)) this.#take(waiting, result, taken);
    return batchesOf(taken);
  }

  /** Takes what has waited since before the given time. */
  takeBefore(time: number): DeliveryBatch[] {
    const taken: WaitingResult[] = [];
    for (const waiting of this.#groups.values()) {
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
    if (waiting.size === 0) this.#groups.delete(result.group);
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

/** The handler gets results as they came. */
function inOrder(taken: WaitingResult[]): DeliveryBatch[] {
  return batchesOf(taken.sort((one, other) => one.order - other.order));
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
