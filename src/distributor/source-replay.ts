import type { ContentTrail } from "../journal/content-trail.ts";
import { otherItem, tooFewItems } from "./replay-mismatch.ts";

/** How long a task's items are produced once more before the event loop has its turn, in ms. */
const SLICE_MS = 20;

export interface ReplaySource {
  /** Whether anybody still wants to know. */
  isLive(): boolean;
  /** The next item's payload; nothing at the end. */
  next(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

/**
 * Has a source produce once more what it produced in an earlier life, and compares it.
 *
 * @throws PipelineError `JOURNAL_MISMATCH` at the first difference.
 */
export async function replay(
  taskType: string,
  position: number,
  trail: ContentTrail,
  source: ReplaySource,
): Promise<void> {
  const compare = trail.comparison();
  let sliceEnd = performance.now() + SLICE_MS;
  for (let count = 0; count < position && source.isLive(); count++) {
    const next = source.next();
    const payload = next instanceof Promise ? await next : next;
    if (!source.isLive()) return;
    if (payload === undefined) throw tooFewItems(taskType, count, position);
    const difference = compare(payload);
    if (difference !== undefined) throw otherItem(taskType, difference);
    if (performance.now() < sliceEnd) continue;
    await new Promise(setImmediate);
    sliceEnd = performance.now() + SLICE_MS;
  }
}
