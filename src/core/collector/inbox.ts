import type { Ack, ErrorInfo, ItemPayload } from "../../protocol/batch-message.ts";
import { EMPTY } from "../../protocol/wire/payload-frames.ts";
import { Fifo } from "../../structures/fifo.ts";
import { SeqSet } from "../../structures/seq-set.ts";

/** One item for the user's handler: a result, or a failure. */
export interface Delivery {
  readonly runId: string;
  readonly task: string;
  readonly seq: number;
  readonly attempt: number;
  /** Who executed it; empty for a failure. */
  readonly workerId: string;
  readonly payload: Uint8Array;
  /** Its share of the handler time that its worker reported, in ms. */
  readonly busyMs: number;
  /** Set where the item failed for good; `payload` then is the item's own. */
  readonly error?: ErrorInfo;
}

/** Items that arrived together. */
export interface DeliveryBatch extends Omit<Delivery, "seq" | "attempt" | "payload"> {
  readonly items: readonly ItemPayload[];
}

/** What is known of one task's items. */
interface TaskLog {
  /** Handled, or waiting for the handler. */
  readonly received: SeqSet;
  readonly handled: SeqSet;
  /** The ACK data of the item handled last. */
  ackData: Uint8Array;
}

/** ACKs of one task and worker that wait to be sent. */
interface AckGroup {
  readonly task: string;
  readonly workerId: string;
  /** Handler time and result bytes of the items, for the distributor to measure the worker by. */
  busyMs: number;
  bytes: number;
  seqs: number[];
}

/** One run's items at the collector: hands each out once, and notes the ACK of every delivery, repeated ones too. */
export class Inbox {
  readonly #queue = new Fifo<DeliveryBatch>();
  /** How many of the first batch's items were taken. */
  #taken = 0;
  readonly #logs = new Map<string, TaskLog>();
  #acks = new Map<string, AckGroup>();
  /** The group that the last item went to; the next one mostly goes there too. */
  #lastGroup: AckGroup | undefined;
  /** Deliveries of items that were here before, and dropped. */
  duplicates = 0;
  /** Deliveries that wait for the handler. */
  size = 0;

  get hasAcks(): boolean {
    return this.#acks.size > 0;
  }

  add(batch: DeliveryBatch): void {
    const { task, workerId } = batch;
    const { received, handled } = this.#log(task);
    const items = batch.items.filter(({ seq }) => {
      if (received.add(seq)) return true;
      this.duplicates += 1;
      // Otherwise its ACK follows when it was handled.
      if (handled.has(seq)) this.#group(task, workerId).seqs.push(seq);
      return false;
    });
    if (items.length === 0) return;
    this.size += items.length;
    this.#queue.push({ ...batch, items });
  }

  /** The next item for the handler, if there is one. */
  next(): Delivery | undefined {
    const batch = this.#queue.peek();
    if (batch === undefined) return undefined;
    const { task, workerId, runId, busyMs, error, items } = batch;
    const { seq, attempt, payload } = items[this.#taken++] as ItemPayload;
    this.size -= 1;
    if (this.#taken === items.length) {
      this.#queue.shift();
      this.#taken = 0;
    }
    const delivery = { runId, task, seq, attempt, workerId, payload, busyMs };
    return error === undefined ? delivery : { ...delivery, error };
  }

  handled({ task, seq, workerId, busyMs, payload }: Delivery, ackData: Uint8Array): void {
    const log = this.#log(task);
    log.handled.add(seq);
    log.ackData = ackData;
    const group = this.#group(task, workerId);
    group.busyMs += busyMs;
    group.bytes += payload.length;
    group.seqs.push(seq);
  }

  /** Takes the ACKs that wait, a message for each task and worker. */
  takeAcks(runId: string): Ack[] {
    const groups = this.#acks;
    this.#acks = new Map();
    this.#lastGroup = undefined;
    return [...groups.values()].map(({ task, workerId, busyMs, bytes, seqs }) => ({
      type: "ack",
      runId,
      taskType: task,
      workerId,
      busyMs,
      bytes,
      seqs,
      ackData: this.#log(task).ackData,
    }));
  }

  #log(task: string): TaskLog {
    let log = this.#logs.get(task);
    if (log === undefined) {
      log = { received: new SeqSet(), handled: new SeqSet(), ackData: EMPTY };
      this.#logs.set(task, log);
    }
    return log;
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
