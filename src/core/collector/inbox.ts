import type { Ack, ErrorInfo, ItemPayload } from "../../protocol/batch-message.ts";
import { EMPTY } from "../../protocol/wire/payload-frames.ts";
import { Fifo } from "../../structures/fifo.ts";
import { SeqSet } from "../../structures/seq-set.ts";
import { cutList } from "../cut-list.ts";

/** Most repeated deliveries whose ACKs wait to be sent. Others are not ACKed: their workers deliver them once more. */
const MAX_REPEATS = 65_536;

/** What the first repeated delivery of a worker counts as: its ACK is a message of its own. */
const REPEATS_OF_MESSAGE = 64;

/** One item for the user's handler: a result or a failure. */
export interface Delivery {
  readonly runId: string;
  readonly task: string;
  readonly seq: number;
  readonly attempt: number;
  /** The worker that executed the item; empty for a failure. */
  readonly workerId: string;
  readonly payload: Uint8Array;
  /** Its share of the handler time that its worker reported, in ms. */
  readonly busyMs: number;
  /** How many items share that time; 0: nothing was reported. */
  readonly busyItems: number;
  /** Set when the item failed for good; `payload` is then the item itself, not a result. */
  readonly error?: ErrorInfo;
}

/** Items that arrived in one message. */
export interface DeliveryBatch extends Omit<Delivery, "seq" | "attempt" | "payload"> {
  /** What the worker has shown to prove that it is this worker; empty for a failure. */
  readonly ticket: string;
  /** The connection on which they came. */
  readonly connection: string;
  /** How many bytes the message keeps in memory. */
  readonly bytes: number;
  readonly items: readonly ItemPayload[];
}

/** Some of a batch's items. */
export function partOf(batch: DeliveryBatch, items: readonly ItemPayload[]): DeliveryBatch {
  return { ...batch, items, bytes: items.reduce((sum, { payload }) => sum + payload.length, 0) };
}

/** The items of one task that have arrived. */
interface TaskItems {
  /** Handled, or waiting for the handler. */
  readonly received: SeqSet;
  readonly handled: SeqSet;
  /** The item that was handled last, and its ACK data. */
  ackSeq: number;
  ackData: Uint8Array;
}

/** ACKs for one task and worker that wait to be sent. */
interface AckGroup {
  readonly task: string;
  readonly workerId: string;
  /** Handler time and result bytes of the items, for the distributor to measure the worker by. */
  busyMs: number;
  bytes: number;
  seqs: number[];
}

/** One run's items at the collector. Gives each to the handler once, and keeps the ACKs to be sent, also for repeated deliveries. */
export class Inbox {
  readonly #queue = new Fifo<DeliveryBatch>();
  /** Number of items taken from the first batch. */
  #taken = 0;
  readonly #tasks = new Map<string, TaskItems>();
  #acks = new Map<string, AckGroup>();
  /** Bytes of messages that wait for the handler, by connection. */
  readonly #bytesFrom = new Map<string, number>();
  /** Repeated deliveries whose ACKs wait. */
  #repeats = 0;
  /** The group of the last item; the next item mostly belongs to it, too. */
  #lastGroup: AckGroup | undefined;
  /** The group of the item that was handled last. */
  #latestGroup: AckGroup | undefined;
  /** Number of repeated deliveries, which were dropped. */
  duplicates = 0;
  /** Number of deliveries that wait for the handler. */
  size = 0;
  /** Bytes of messages that wait for the handler. */
  waitingBytes = 0;

  get hasAcks(): boolean {
    return this.#acks.size > 0;
  }

  /** Bytes of messages from a connection that wait for the handler. */
  bytesFrom(connection: string): number {
    return this.#bytesFrom.get(connection) ?? 0;
  }

  /** Whether an item has arrived, handled or not. */
  hasReceived(task: string, seq: number): boolean {
    return this.#tasks.get(task)?.received.has(seq) ?? false;
  }

  add(batch: DeliveryBatch): void {
    const { task, workerId } = batch;
    const { received, handled } = this.#task(task);
    const items = batch.items.filter(({ seq }) => {
      if (received.add(seq)) return true;
      this.duplicates += 1;
      // The ACK of an item that is not handled yet follows when it is.
      if (handled.has(seq)) this.#ackAgain(task, workerId, seq);
      return false;
    });
    if (items.length === 0) return;
    this.size += items.length;
    this.#bytesFrom.set(batch.connection, this.bytesFrom(batch.connection) + batch.bytes);
    this.waitingBytes += batch.bytes;
    this.#queue.push({ ...batch, items });
  }

  /** The next item for the handler, if there is one. */
  next(): Delivery | undefined {
    const batch = this.#queue.peek();
    if (batch === undefined) return undefined;
    const { task, workerId, runId, busyMs, busyItems, error, items } = batch;
    const { seq, attempt, payload } = items[this.#taken++] as ItemPayload;
    this.size -= 1;
    if (this.#taken === items.length) {
      this.#queue.shift();
      this.#taken = 0;
      this.#release(batch);
    }
    const delivery = { runId, task, seq, attempt, workerId, payload, busyMs, busyItems };
    return error === undefined ? delivery : { ...delivery, error };
  }

  /** Drops what waits for the handler. */
  clear(): void {
    this.#queue.clear();
    this.#taken = 0;
    this.size = 0;
    this.#bytesFrom.clear();
    this.waitingBytes = 0;
  }

  handled({ task, seq, workerId, busyMs, payload }: Delivery, ackData: Uint8Array): void {
    const items = this.#task(task);
    items.handled.add(seq);
    items.ackSeq = seq;
    items.ackData = ackData;
    const group = this.#group(task, workerId);
    group.busyMs += busyMs;
    group.bytes += payload.length;
    group.seqs.push(seq);
    this.#latestGroup = group;
  }

  handledAndKnown({ task, seq }: Delivery): void {
    this.#task(task).handled.add(seq);
  }

  /** Takes the ACKs that wait: one message for each task and worker. The last one has the item that was handled last. */
  takeAcks(runId: string): Ack[] {
    const latest = this.#latestGroup;
    const groups = [...this.#acks.values()].filter((group) => group !== latest);
    if (latest !== undefined) groups.push(latest);
    this.#acks = new Map();
    this.#repeats = 0;
    this.#lastGroup = undefined;
    this.#latestGroup = undefined;
    return groups.flatMap(({ task, workerId, seqs, ...measured }) => {
      const { ackSeq, ackData } = this.#task(task);
      const ack = { type: "ack", runId, taskType: task, workerId, ackSeq, ackData } as const;
      return cutList(seqs).map((part, index) => ({
        ...ack,
        ...(index === 0 ? measured : { busyMs: 0, bytes: 0 }),
        seqs: part,
      }));
    });
  }

  #release({ connection, bytes }: DeliveryBatch): void {
    const left = this.bytesFrom(connection) - bytes;
    if (left > 0) this.#bytesFrom.set(connection, left);
    else this.#bytesFrom.delete(connection);
    this.waitingBytes -= bytes;
  }

  #ackAgain(task: string, workerId: string, seq: number): void {
    if (this.#repeats >= MAX_REPEATS) return;
    const { size } = this.#acks;
    this.#group(task, workerId).seqs.push(seq);
    this.#repeats += this.#acks.size > size ? REPEATS_OF_MESSAGE : 1;
  }

  #task(name: string): TaskItems {
    let items = this.#tasks.get(name);
    if (items === undefined) {
      items = { received: new SeqSet(), handled: new SeqSet(), ackSeq: 0, ackData: EMPTY };
      this.#tasks.set(name, items);
    }
    return items;
  }

  #group(task: string, workerId: string): AckGroup {
    const last = this.#lastGroup;
    if (last?.workerId === workerId && last.task === task) return last;
    const key = `${workerId}\0${task}`;
    let group = this.#acks.get(key);
    if (group === undefined) {
      group = { task, workerId, busyMs: 0, bytes: 0, seqs: [] };
      this.#acks.set(key, group);
    }
    this.#lastGroup = group;
    return group;
  }
}
