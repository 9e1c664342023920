import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Counts, RANGES } from "./settings.ts";

const TEXT =
  /\.(?:[cm]?[jt]sx?|json|md|txt|html|css|ya?ml|map|flow)$|(?:^|\/)(?:LICENSE|README|CHANGELOG)[^/]*$/i;

/** The text and source files below a folder, in a fixed order. Links are not followed. */
export async function* textFiles(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* textFiles(path);
    else if (entry.isFile() && TEXT.test(path)) yield path;
  }
}

/** Adds the words of a text to the totals. */
export function addWords(text: string, totals: Map<string, number>): void {
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+/gu)) totals.set(word, (totals.get(word) ?? 0) + 1);
}

const RANGE_OF = new Map(
  RANGES.flatMap((range) => (range === "other" ? [] : [...range].map((letter) => [letter, range]))),
);

/** Divides totals by the ranges of their first letters. */
export function divide(
  totals: ReadonlyMap<string, number>,
): Map<string, { words: string[]; counts: number[] }> {
  const parts = new Map<string, { words: string[]; counts: number[] }>();
  for (const [word, count] of totals) {
    const range = RANGE_OF.get(word.charAt(0)) ?? "other";
    let part = parts.get(range);
    if (part === undefined) {
      part = { words: [], counts: [] };
      parts.set(range, part);
    }
    part.words.push(word);
    part.counts.push(count);
  }
  return parts;
}

export function toCounts(totals: ReadonlyMap<string, number>): Counts {
  return { words: [...totals.keys()], counts: [...totals.values()] };
}

export function addCounts({ words, counts }: Counts, totals: Map<string, number>): void {
  words.forEach((word, index) => {
    totals.set(word, (totals.get(word) ?? 0) + (counts[index] ?? 0));
  });
}
