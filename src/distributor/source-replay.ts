import type { ContentTrail } from "../journal/content-trail.ts";
import { otherItem, tooFewItems } from "./replay-mismatch.ts";

/** How long items are produced again before the event loop gets a turn, in ms. */
const SLICE_MS = 20;

export interface ReplaySource {
  /** False once the run has ended. */
  isLive(): boolean;
  /** The next item's payload; undefined at the end. */
  next(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

/**
 * Lets a source produce its earlier items again after a restart, and compares them with the journal.
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
