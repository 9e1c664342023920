import { MAX_REFS } from "../protocol/bounds.ts";

/** Cuts a list into parts that fit in a message each, in order; an empty list has one part. @param most - Most entries of a message. */
export function cutList<T>(entries: readonly T[], most = MAX_REFS): readonly (readonly T[])[] {
  if (entries.length <= most) return [entries];
  const parts: (readonly T[])[] = [];
  for (let from = 0; from < entries.length; from += most) parts.push(entries.slice(from, from + most));
  return parts;
}
