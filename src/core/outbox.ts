import { BATCH_BYTES, BATCH_ITEMS } from "../protocol/limits.ts";
import type { Fail, ItemPayload, ItemRef } from "../protocol/message.ts";

/** A result waits at most so long for others to travel with, in ms: sending them costs a worker about 0.1 ms, whatever their number. */
const FLUSH_MS = 100;

/** First wait for a CONFIRM before an outcome is sent again, in ms; doubled each time, up to {@link MAX_RESEND_MS}. */
const RESEND_MS = 2000;
const MAX_RESEND_MS = 30_000;

/** How often unconfirmed outcomes are looked through, in ms. */
const CHECK_MS = 500;

/** What is kept until the distributor confirms it. */
type Kept =
  | { readonly kind: "result"; readonly item: ItemPayload; sentAt: number; wait: number }
  | { readonly kind: "fail"; readonly item: Fail; sentAt: number; wait: number };

export interface OutboxPort {
  /** @param busy - Handler time of the items in ms; 0: not measured, or reported before. */
  results(items: readonly ItemPayload[], busy: number): void;
  fail(fail: Fail): void;
  /** Whether the collector takes results now. */
  isOpen(): boolean;
}

/** A worker's outcomes: sent in batches, kept until they are confirmed, sent again when they are not. */
export class Outbox {
  readonly #port: OutboxPort;
  readonly #kept = new Map<number, Kept>();
  /** Results not yet sent for the first time. */
  #batch: ItemPayload[] = [];
  #bytes = 0;
  #busy = 0;
  #since = 0;
  #nextCheck = 0;

  constructor(port: OutboxPort) {
    this.#port = port;
  }

  /** Outcomes that are not confirmed. */
  get size(): number {
    return this.#kept.size;
  }

  get refs(): ItemRef[] {
    return [...this.#kept.values()].map(({ item: { seq, attempt } }) => ({ seq, attempt }));
  }

  /**
   * @param busy - Its handler time in ms.
   * @param now - The role's time.
   * @param real - The real time, which flushes go by.
   */
  addResult(item: ItemPayload, busy: number, now: number, real: number): void {
    this.#kept.set(item.seq, { kind: "result", item, sentAt: now, wait: RESEND_MS });
    if (this.#batch.length === 0) this.#since = real;
    this.#batch.push(item);
    this.#bytes += item.payload.length;
    this.#busy += busy;
  }

  addFail(item: Fail, now: number): void {
    this.#kept.set(item.seq, { kind: "fail", item, sentAt: now, wait: RESEND_MS });
    this.#port.fail(item);
  }

  /**
   * A batch goes out when it is full, has waited, holds half of what is here, or nothing is left to wait for.
   *
   * @param waiting - Items that the worker still has to finish.
   */
  flushIsDue(waiting: number, real: number): boolean {
    if (this.#batch.length === 0) return false;
    return (
      this.#batch.length >= BATCH_ITEMS ||
      this.#bytes >= BATCH_BYTES ||
      this.#batch.length >= waiting ||
      real - this.#since >= FLUSH_MS
    );
  }

  /** Sends the results that wait. */
  flush(): void {
    if (this.#batch.length === 0 || !this.#port.isOpen()) return;
    const items = this.#batch;
    const busy = this.#busy;
    this.#dropBatch();
    this.#port.results(items, busy);
  }

  /** Nothing more is needed of this item. False when there is no outcome of it. */
  settle(seq: number): boolean {
    return this.#kept.delete(seq);
  }

  /** The failure of exactly this attempt has arrived. */
  failureSeen({ seq, attempt }: ItemRef): void {
    const kept = this.#kept.get(seq);
    if (kept?.kind === "fail" && kept.item.attempt === attempt) this.#kept.delete(seq);
  }

  /** Delivers every kept result again: what was under way before may be gone. */
  resendResults(now: number): void {
    if (!this.#port.isOpen()) return;
    this.#dropBatch(); // those are kept too
    this.#sendAgain([...this.#kept.values()], now);
  }

  /**
   * Sends again what has waited too long for its confirmation.
   *
   * @returns How many outcomes those were.
   */
  tick(now: number): number {
    if (now < this.#nextCheck) return 0;
    this.#nextCheck = now + CHECK_MS;
    const due: Kept[] = [];
    for (const kept of this.#kept.values()) {
      if (now - kept.sentAt < kept.wait) continue;
      kept.sentAt = now;
      kept.wait = Math.min(kept.wait * 2, MAX_RESEND_MS);
      due.push(kept);
      if (kept.kind === "fail") this.#port.fail(kept.item);
    }
    if (due.length > 0 && this.#port.isOpen()) this.#sendAgain(due, now);
    return due.length;
  }

  clear(): void {
    this.#kept.clear();
    this.#dropBatch();
  }

  #sendAgain(outcomes: readonly Kept[], now: number): void {
    let items: ItemPayload[] = [];
    let bytes = 0;
    for (const kept of outcomes) {
      if (kept.kind === "fail") continue;
      kept.sentAt = now;
      items.push(kept.item);
      bytes += kept.item.payload.length;
      if (items.length < BATCH_ITEMS && bytes < BATCH_BYTES) continue;
      this.#port.results(items, 0);
      items = [];
      bytes = 0;
    }
    if (items.length > 0) this.#port.results(items, 0);
  }

  #dropBatch(): void {
    this.#batch = [];
    this.#bytes = 0;
    this.#busy = 0;
  }
}
