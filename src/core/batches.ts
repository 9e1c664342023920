import { BATCH_BYTES, REQUEST_BATCH_ITEMS } from "../protocol/limits.ts";

/** Cuts a list of requests or replies into messages of bounded size, in order. Only the last item of a message can be large. */
export function batches<T extends { readonly payload: Uint8Array }>(items: readonly T[]): (readonly T[])[] {
  const cut: (readonly T[])[] = [];
  let from = 0;
  let bytes = 0;
  for (const [index, { payload }] of items.entries()) {
    bytes += payload.length;
    if (index + 1 - from < REQUEST_BATCH_ITEMS && bytes < BATCH_BYTES) continue;
    cut.push(items.slice(from, index + 1));
    from = index + 1;
    bytes = 0;
  }
  if (from < items.length) cut.push(from === 0 ? items : items.slice(from));
  return cut;
}
