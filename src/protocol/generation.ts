import { MAX_SEQ } from "./limits.ts";

/** First sequence number of the second generation: no task has as many items. */
const GENERATION = 2 ** 40;

/**
 * The number of an item in its task, counted from 0. An item that failed for good and is executed again (`retryFailed`) keeps its number, and so
 * its id. It gets another sequence number, because the collector has settled the first one: the generation is in the upper bits.
 */
export function itemNumber(seq: number): number {
  return seq < GENERATION ? seq : seq % GENERATION;
}

/** How often the item had failed for good before. */
export function generationOf(seq: number): number {
  return seq < GENERATION ? 0 : Math.floor(seq / GENERATION);
}

/** The sequence number of an item in a generation. */
export function seqOf(number: number, generation: number): number {
  return number + generation * GENERATION;
}

/** @returns The sequence number under which a failed item is executed again. @throws RangeError after 4,095 generations. */
export function nextGeneration(seq: number): number {
  const next = seq + GENERATION;
  if (next > MAX_SEQ)
    throw new RangeError(
      `item ${itemNumber(seq)} failed for good ${generationOf(seq) + 1} times, and cannot be executed again`,
    );
  return next;
}
