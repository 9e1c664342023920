import { itemNumber } from "../protocol/generation.ts";

/** Why an item, or a task, is not done. */
export interface Explanation {
  /** `square` or `square/17`. */
  readonly subject: string;
  readonly isDone: boolean;
  /**
   * An item is `to come`, `no such item` (the task has produced all of its items), `waiting`, `with a worker`, `failing` (its failure is on the way to the collector), `failed` or
   * `settled`. For a task this is its phase.
   */
  readonly state: string;
  /** Whole sentences, written for a person. */
  readonly reasons: readonly string[];
  /** Number of the item's latest attempt; 0 before the first. */
  readonly attempt?: number;
  /** The worker that has the item. */
  readonly workerId?: string;
  /** How long ago the item was granted to that worker, in ms. */
  readonly age?: number;
  /** The items that this worker executes first, as `square/7`; absent if the item itself is being executed, or that is not known. */
  readonly waitsBehind?: readonly string[];
}

/** A duration as text: `250 ms`, `1.5 s`. */
export function ageText(ms: number): string {
  return ms < 1000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** `1 item is`, `2 items are`. */
export function countText(count: number, noun: string, verb: readonly [one: string, more: string]): string {
  return count === 1 ? `1 ${noun} ${verb[0]}` : `${count} ${noun}s ${verb[1]}`;
}

/** `item 17`, `items 1, 2, 3 …`, `an unknown item`. */
export function itemsText(seqs: readonly number[]): string {
  if (seqs.length === 0) return "an unknown item";
  const more = seqs.length > 3 ? " …" : "";
  return `item${seqs.length === 1 ? "" : "s"} ${seqs.slice(0, 3).map(itemNumber).join(", ")}${more}`;
}
