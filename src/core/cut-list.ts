import { MAX_REFS } from "../protocol/bounds.ts";

/** Cuts a list into parts that fit in a message each, in order; an empty list has one part. */
export function cutList<T>(entries: readonly T[]): readonly (readonly T[])[] {
  if (entries.length <= MAX_REFS) return [entries];
  const parts: (readonly T[])[] = [];
  for (let from = 0; from < entries.length; from += MAX_REFS)
    parts.push(entries.slice(from, from + MAX_REFS));
  return parts;
}
