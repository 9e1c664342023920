/** Share of a name's letters that a misspelling may change. With more, suggestions would be chance. */
const MAX_DIFFERENCE = 1 / 3;

/** Longer words are not compared: they are no misspelling of any name. */
const MAX_WORD_LENGTH = 64;

/**
 * Finds the name that a misspelled word most likely means: the same letters in another spelling (`max_failures`, `MaxFailures`), or with a few
 * letters changed, dropped, added or swapped.
 *
 * @returns `undefined` when no name is near.
 */
export function nearestName(word: string, names: readonly string[]): string | undefined {
  if (word.length > MAX_WORD_LENGTH) return undefined;
  const letters = lettersOf(word);
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const other = lettersOf(name);
    const distance = editDistance(letters, other);
    if (distance >= least || distance > Math.max(letters.length, other.length) * MAX_DIFFERENCE) continue;
    nearest = name;
    least = distance;
  }
  return nearest;
}

/** Lengths from which a name may differ by one letter, and by two, to be a typing error for certain. */
const CERTAIN = [5, 9] as const;

/**
 * Whether a word is another name with a typing error, and hardly a word of its own: `concurency`, `timout`. Plurals and longer forms (`handler`
 * beside `handle`) are other words, and so is a word that begins differently (`incomplete` beside `isComplete`).
 */
export function isTypingError(word: string, name: string): boolean {
  if (word.length > MAX_WORD_LENGTH || name.length < CERTAIN[0]) return false;
  const [one, other] = [lettersOf(word), lettersOf(name)];
  if (one.startsWith(other) || other.startsWith(one) || one.slice(0, 2) !== other.slice(0, 2)) return false;
  return editDistance(one, other) <= (name.length < CERTAIN[1] ? 1 : 2);
}

/** Whether a word is a long name with one or two letters more or less at its end: `handleFailures` beside `handleFailure`. */
export function isOtherForm(word: string, name: string): boolean {
  const [one, other] = [lettersOf(word), lettersOf(name)];
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.length >= CERTAIN[1] && long.length - short.length <= 2 && long.startsWith(short);
}

/** The end of an error's text: the name that was meant, or all names. */
export function suggestion(word: string, names: readonly string[]): string {
  const nearest = nearestName(word, names);
  if (nearest !== undefined) return `did you mean ${JSON.stringify(nearest)}?`;
  return names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
}

/** Whether two names differ only in case and underscores, as `n_threads` and `nThreads` do. */
export function isSameName(one: string, other: string): boolean {
  return one.length <= MAX_WORD_LENGTH && lettersOf(one) === lettersOf(other);
}

/** A name without case, underscores and dashes. */
function lettersOf(name: string): string {
  return name.replace(/[_-]/g, "").toLowerCase();
}

/** Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours, each counted as one. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      let cost = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
      );
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
