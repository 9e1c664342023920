/** Quoted text. An apostrophe within a word is no quotation mark. */
const QUOTED =
  /"(?:[^"\\\n]|\\.)*"|`[^`\n]*`|“[^”\n]*”|«[^»\n]*»|‘[^’\n]*’|(?<!\w)'(?:[^'\\\n]|\\.)*'(?!\w)/g;

/** UUIDs, hexadecimal ids and numbers, the decimal ones with sign, fraction and exponent. */
const NUMBERS =
  /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b|(?:(?<=^|[\s([{=:,])[-+])?\d+(?:[.,]\d+)*(?:e[-+]?\d+\b)?/gi;

/** Stands for the words in which messages of one group differ. */
const GAP = "…";

/** A message with its quoted text and its numbers masked: `no user "…" in row #`. */
export function masked(message: string): string {
  return message.replace(QUOTED, `"${GAP}"`).replace(NUMBERS, "#");
}

/**
 * What two masked messages have in common, when they begin and end alike: `user … is unknown`.
 *
 * @returns Nothing when they share less than half of their words.
 */
export function commonPattern(one: string, other: string): string | undefined {
  const [first, second] = [one.split(" "), other.split(" ")];
  const shorter = Math.min(first.length, second.length);
  let head = 0;
  while (head < shorter && first[head] === second[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && first.at(-1 - tail) === second.at(-1 - tail)) tail += 1;
  const shared = [...first.slice(0, head), ...first.slice(first.length - tail)];
  const words = shared.filter((word) => word !== GAP).length;
  if (words * 2 < Math.max(first.length, second.length)) return undefined;
  return [...shared.slice(0, head), GAP, ...shared.slice(head)].join(" ");
}
