import type { Ack, ErrorInfo } from "../protocol/message.ts";
import { EMPTY } from "../protocol/payload-frames.ts";
import { Fifo } from "./fifo.ts";
import { SeqSet } from "./seq-set.ts";

/** One item for the user's handler: a result, or a failure. */
export interface Delivery {
  readonly runId: string;
  readonly task: string;
  readonly seq: number;
  readonly attempt: number;
  /** Who executed it; empty for a failure. */
  readonly workerId: string;
  readonly payload: Uint8Array;
  /** Its share of the handler time that its worker reported, in µs. */
  readonly busy: number;
  /** Set where the item failed for good; `payload` then is the item's own. */
  readonly error?: ErrorInfo;
}

/** What is known of one task's items. */
interface TaskLog {
  readonly handled: SeqSet;
  /** Received and not yet handled. */
  readonly waiting: Set<number>;
  /** The ACK data of the item handled last. */
  ackData: Uint8Array;
}

/** ACKs of one task and worker that wait to be sent. */
interface AckGroup {
  readonly task: string;
  readonly workerId: string;
  /** Handler time in µs and result bytes of the items, for the distributor to measure the worker by. */
  busy: number;
  bytes: number;
  seqs: number[];
}

/** One run's items at the collector: hands each out once, and notes the ACK of every delivery, repeated ones too. */
export class Inbox {
  readonly #queue = new Fifo<Delivery>();
  readonly #logs = new Map<string, TaskLog>();
  #acks = new Map<string, AckGroup>();
  /** Deliveries of items that were here before, and dropped. */
  duplicates = 0;

  /** Deliveries that wait for the handler. */
  get size(): number {
    return this.#queue.size;
  }

  get hasAcks(): boolean {
    return this.#acks.size > 0;
  }

  add(delivery: Delivery): void {
    const log = this.#log(delivery.task);
    if (log.handled.has(delivery.seq)) {
      this.duplicates += 1;
      this.#group(delivery.task, delivery.workerId).seqs.push(delivery.seq);
    } else if (log.waiting.has(delivery.seq)) {
      this.duplicates += 1; // its ACK follows when it was handled
    } else {
      log.waiting.add(delivery.seq);
      this.#queue.push(delivery);
    }
  }

  next(): Delivery | undefined {
    return this.#queue.shift();
  }

  handled({ task, seq, workerId, busy, payload }: Delivery, ackData: Uint8Array): void {
    const log = this.#log(task);
    log.waiting.delete(seq);
    log.handled.add(seq);
    log.ackData = ackData;
    const group = this.#group(task, workerId);
    group.busy += busy;
    group.bytes += payload.length;
    group.seqs.push(seq);
  }

  /** Takes the ACKs that wait, a message for each task and worker. */
  takeAcks(runId: string): Ack[] {
    const groups = this.#acks;
    this.#acks = new Map();
    return [...groups.values()].map(({ task, workerId, busy, bytes, seqs }) => ({
      type: "ack",
      runId,
      taskType: task,
      workerId,
      busy: Math.ceil(busy),
      bytes,
      seqs,
      ackData: this.#log(task).ackData,
    }));
  }

  #log(task: string): TaskLog {
    let log = this.#logs.get(task);
    if (log === undefined) {
      log = { handled: new SeqSet(), waiting: new Set(), ackData: EMPTY };
      this.#logs.set(task, log);
    }
    return log;
  }

  #group(task: string, workerId: string): AckGroup {
    const key = `${workerId}\0${task}`;
    let group = this.#acks.get(key);
    if (group === undefined) {
      group = { task, workerId, busy: 0, bytes: 0, seqs: [] };
      this.#acks.set(key, group);
    }
    return group;
  }
}
