import type { Fail, ItemPayload, ItemRef } from "../../protocol/batch-message.ts";
import { BATCH_BYTES, BATCH_ITEMS } from "../../protocol/limits.ts";
import { SeqMap } from "../../structures/seq-map.ts";

/** Longest time that a result waits for others, in ms: a message costs a worker about 0.1 ms, however many results it carries. */
const FLUSH_MS = 100;

/** First wait for a confirmation before an outcome is sent again, in ms; doubled each time, up to {@link MAX_RESEND_MS}. */
const RESEND_MS = 2000;
const MAX_RESEND_MS = 30_000;

/**
 * Slowest connection, in bytes per ms (0.5 Mbit/s), on which nothing is sent again that is only on its way: each unconfirmed byte lengthens
 * the wait. Sent again at once, large results would fill a slow connection with copies of themselves.
 */
const SLOWEST_BYTES_PER_MS = 64;

/** How often unconfirmed outcomes are looked through, in ms. */
const CHECK_MS = 500;

/** An outcome with times of its own: a failure, or a result that was sent again. */
type Kept =
  | { readonly kind: "result"; readonly item: ItemPayload; sentAt: number; wait: number }
  | { readonly kind: "fail"; readonly item: Fail; sentAt: number; wait: number };

export interface OutboxPort {
  /** @param busyMs - Handler time of the items; 0: not measured, or reported before. */
  results(items: readonly ItemPayload[], busyMs: number): void;
  fail(fail: Fail): void;
  /** Whether the collector takes results now. */
  isOpen(): boolean;
}

/**
 * A worker's outcomes: sent in batches, kept until they are confirmed, and sent again when they are not. Nearly all results are
 * confirmed before long, so they carry no times of their own. They are in two generations instead: a result that is still in the
 * old one after another generation is overdue.
 */
export class Outbox {
  readonly #port: OutboxPort;
  #young = new SeqMap<ItemPayload>();
  #old = new SeqMap<ItemPayload>();
  readonly #kept = new Map<number, Kept>();
  /** Results not yet sent for the first time. */
  #batch: ItemPayload[] = [];
  #bytes = 0;
  #busyMs = 0;
  #since = 0;
  #nextCheck = 0;
  #nextGeneration = 0;

  constructor(port: OutboxPort) {
    this.#port = port;
  }

  /** How many outcomes are not confirmed. */
  get size(): number {
    return this.#young.size + this.#old.size + this.#kept.size;
  }

  get refs(): ItemRef[] {
    const kept = [...this.#kept.values()].map(({ item }) => item);
    return [...this.#young.values(), ...this.#old.values(), ...kept].map(({ seq, attempt }) => ({
      seq,
      attempt,
    }));
  }

  /**
   * @param busyMs - Handler time of the item.
   * @param real - The real time, in ms.
   */
  addResult(item: ItemPayload, busyMs: number, real: number): void {
    this.#young.set(item.seq, item);
    if (this.#batch.length === 0) this.#since = real;
    this.#batch.push(item);
    this.#bytes += item.payload.length;
    this.#busyMs += busyMs;
  }

  addFail(item: Fail, now: number): void {
    this.#kept.set(item.seq, { kind: "fail", item, sentAt: now, wait: RESEND_MS });
    this.#port.fail(item);
  }

  /**
   * Whether the batch is to be sent: it is full, has waited, holds half of what the worker has, or no more is to come.
   *
   * @param waiting - How many items the worker still has to finish.
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

  /** Sends the results that wait: in several messages where threads have handed over more at once than one may hold. */
  flush(): void {
    if (this.#batch.length === 0 || !this.#port.isOpen()) return;
    const items = this.#batch;
    const busyMs = this.#busyMs;
    this.#dropBatch();
    for (let start = 0; start < items.length; start += BATCH_ITEMS) {
      const part = items.slice(start, start + BATCH_ITEMS);
      this.#port.results(part, (busyMs * part.length) / items.length);
    }
  }

  /** Forgets the outcome of an item that is settled. @returns False when there is none. */
  settle(seq: number): boolean {
    return this.#young.delete(seq) || this.#old.delete(seq) || this.#kept.delete(seq);
  }

  /** The failure of exactly this attempt has arrived. */
  failureSeen({ seq, attempt }: ItemRef): void {
    const kept = this.#kept.get(seq);
    if (kept?.kind === "fail" && kept.item.attempt === attempt) this.#kept.delete(seq);
  }

  /** Sends every unconfirmed result: those that were on their way may be lost, and those of the batch were never sent. */
  resendResults(now: number): void {
    if (!this.#port.isOpen()) return;
    const fresh = new Set(this.#batch.map(({ seq }) => seq));
    this.flush(); // with their times, which they would not have when they are sent again
    const results = [...this.#young.values(), ...this.#old.values()].filter(({ seq }) => !fresh.has(seq));
    for (const kept of this.#kept.values()) {
      if (kept.kind === "fail") continue;
      kept.sentAt = now;
      results.push(kept.item);
    }
    this.#sendAgain(results);
  }

  /**
   * Sends again the outcomes that have waited too long for their confirmation.
   *
   * @returns How many those were.
   */
  tick(now: number): number {
    if (now < this.#nextCheck) return 0;
    this.#nextCheck = now + CHECK_MS;
    if (now >= this.#nextGeneration) this.#age(now);
    const due: ItemPayload[] = [];
    let failures = 0;
    for (const kept of this.#kept.values()) {
      if (now - kept.sentAt < kept.wait) continue;
      kept.sentAt = now;
      kept.wait = Math.max(kept.wait, Math.min(kept.wait * 2, MAX_RESEND_MS));
      if (kept.kind === "result") due.push(kept.item);
      else {
        this.#port.fail(kept.item);
        failures += 1;
      }
    }
    if (this.#port.isOpen()) this.#sendAgain(due);
    return due.length + failures;
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
    this.#kept.clear();
    this.#dropBatch();
  }

  /** Begins a generation: results that the old one still holds are due at once. */
  #age(now: number): void {
    const wait = RESEND_MS + this.#unconfirmedBytes() / SLOWEST_BYTES_PER_MS;
    this.#nextGeneration = now + wait;
    for (const item of this.#old.values()) {
      this.#kept.set(item.seq, { kind: "result", item, sentAt: now - wait, wait });
    }
    this.#old = this.#young;
    this.#young = new SeqMap();
  }

  #unconfirmedBytes(): number {
    let bytes = 0;
    for (const { payload } of this.#young.values()) bytes += payload.length;
    for (const { payload } of this.#old.values()) bytes += payload.length;
    for (const kept of this.#kept.values()) if (kept.kind === "result") bytes += kept.item.payload.length;
    return bytes;
  }

  #sendAgain(results: readonly ItemPayload[]): void {
    let items: ItemPayload[] = [];
    let bytes = 0;
    for (const item of results) {
      items.push(item);
      bytes += item.payload.length;
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
    this.#busyMs = 0;
  }
}
