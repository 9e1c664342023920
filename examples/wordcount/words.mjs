import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RANGES } from "./settings.mjs";

const TEXT =
  /\.(?:[cm]?[jt]sx?|json|md|txt|html|css|ya?ml|map|flow)$|(?:^|\/)(?:LICENSE|README|CHANGELOG)[^/]*$/i;

/** A run of capitals, or of small letters with a capital before them: "parseURLPath" is "parse", "URL" and "Path". */
const WORD = /\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{Lo}+/gu;

/** The text and source files below a folder, in a fixed order, without links and without folders such as `.cache`. */
export function* textFiles(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith(".")) yield* textFiles(path);
    } else if (entry.isFile() && TEXT.test(path)) yield path;
  }
}

/** How often each word occurs in the files. The command's workers and its proof both count with this. */
export function countWords(paths) {
  const totals = new Map();
  for (const path of paths) {
    for (const [word] of readFileSync(path, "utf8").matchAll(WORD)) {
      const key = word.toLowerCase();
      totals.set(key, (totals.get(key) ?? 0) + 1);
    }
  }
  return totals;
}

const RANGE_OF = new Map(
  RANGES.flatMap((range) => (range === "other" ? [] : [...range].map((letter) => [letter, range]))),
);

/** Divides totals by the ranges of their first letters. */
export function divide(totals) {
  const parts = new Map();
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

/** Totals as two lists, as they are sent: any word may be in them, "constructor" too. */
export function toCounts(totals) {
  return { words: [...totals.keys()], counts: [...totals.values()] };
}

export function addCounts({ words, counts }, totals) {
  words.forEach((word, index) => {
    totals.set(word, (totals.get(word) ?? 0) + counts[index]);
  });
}
