import { isDeepStrictEqual } from "node:util";
import { valueText } from "./value-text.ts";

/** How many differences a message shows. */
const MOST_SHOWN = 3;

/** How many differences are looked for. */
const MOST_FOUND = 100;

/** Longest text of one value. */
const MOST_CHARACTERS = 60;

/** What is equal in front of the first difference of two long texts, and is shown. */
const BEFORE_DIFFERENCE = 20;

/** A member of a value, such as `stock.pen`. */
type Path = string;

/**
 * Says where two values differ, rather than showing both: snapshots may be large.
 *
 * @example
 * ```ts
 * differenceText(new Map([["pen", 8]]), new Map([["pen", 6], ["ink", 8]]));
 * // 'get("pen"): 8 → 6; get("ink"): absent → 8'
 * ```
 */
export function differenceText(before: unknown, after: unknown): string {
  const found: string[] = [];
  compare("", before, after, found);
  const more = found.length > MOST_SHOWN ? `; and ${moreText(found.length - MOST_SHOWN)}` : "";
  return found.slice(0, MOST_SHOWN).join("; ") + more;
}

function moreText(count: number): string {
  return count === MOST_FOUND - MOST_SHOWN ? "many more" : `${count} more`;
}

function compare(path: Path, before: unknown, after: unknown, found: string[]): void {
  if (found.length >= MOST_FOUND || isDeepStrictEqual(before, after)) return;
  const known = found.length;
  if (before instanceof Map && after instanceof Map)
    compareMembers(before, after, (key) => `${path}.get(${valueText(key, MOST_CHARACTERS)})`, found);
  else if (before instanceof Set && after instanceof Set) compareSets(path, before, after, found);
  else if (Array.isArray(before) && Array.isArray(after)) compareLists(path, before, after, found);
  else if (isPlain(before) && isPlain(after)) {
    const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
    compareMembers(old, now, (name) => memberPath(path, String(name)), found);
  }
  if (found.length > known) return;
  found.push(line(path, ...textsOf(before, after)));
}

function compareMembers(
  before: ReadonlyMap<unknown, unknown>,
  after: ReadonlyMap<unknown, unknown>,
  pathOf: (key: unknown) => Path,
  found: string[],
): void {
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    if (found.length >= MOST_FOUND) return;
    if (before.has(key) && after.has(key)) compare(pathOf(key), before.get(key), after.get(key), found);
    else {
      const text = (values: ReadonlyMap<unknown, unknown>) =>
        values.has(key) ? valueText(values.get(key), MOST_CHARACTERS) : "absent";
      found.push(line(pathOf(key), text(before), text(after)));
    }
  }
}

function compareSets(path: Path, before: ReadonlySet<unknown>, after: ReadonlySet<unknown>, found: string[]) {
  listChanges(
    path,
    [...before].filter((value) => !after.has(value)),
    [...after].filter((value) => !before.has(value)),
    found,
  );
}

/** Lists of one length by their members; others by what stands between their equal beginnings and ends. */
function compareLists(path: Path, before: readonly unknown[], after: readonly unknown[], found: string[]) {
  if (before.length === after.length) {
    for (const [index, value] of before.entries()) compare(`${path}[${index}]`, value, after[index], found);
    return;
  }
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isDeepStrictEqual(before[start], after[start])) start += 1;
  let end = 0;
  while (end < shorter - start && isDeepStrictEqual(before.at(-1 - end), after.at(-1 - end))) end += 1;
  listChanges(path, before.slice(start, before.length - end), after.slice(start, after.length - end), found);
}

function listChanges(path: Path, gone: readonly unknown[], added: readonly unknown[], found: string[]): void {
  const where = path === "" ? "" : `${shown(path)} `;
  for (const value of gone.slice(0, MOST_FOUND))
    found.push(`${where}has lost ${valueText(value, MOST_CHARACTERS)}`);
  for (const value of added.slice(0, MOST_FOUND))
    found.push(`${where}has gained ${valueText(value, MOST_CHARACTERS)}`);
  found.splice(MOST_FOUND);
}

function line(path: Path, before: string, after: string): string {
  return `${path === "" ? "" : `${shown(path)}: `}${before} → ${after}`;
}

function shown(path: Path): string {
  return path.startsWith(".") ? path.slice(1) : path;
}

/** The texts of two values; of two long texts, what stands around their first difference. */
function textsOf(before: unknown, after: unknown): [string, string] {
  if (typeof before === "string" && typeof after === "string") {
    let start = 0;
    while (start < before.length && before[start] === after[start]) start += 1;
    if (start > BEFORE_DIFFERENCE) {
      const from = start - BEFORE_DIFFERENCE;
      const part = (text: string) =>
        `…${valueText(text.slice(from, from + 2 * MOST_CHARACTERS), MOST_CHARACTERS)}`;
      return [part(before), part(after)];
    }
  }
  return [valueText(before, MOST_CHARACTERS), valueText(after, MOST_CHARACTERS)];
}

function memberPath(path: Path, name: string): Path {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
