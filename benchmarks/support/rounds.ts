/** Whether this is a short run: it shows that everything works, and its figures mean nothing. */
export const isShort = process.argv.includes("--short");

/** The number after a flag on the command line, such as `--rounds 5`; without the flag the fallback, or `short` in a short run. */
export function option(name: string, fallback: number, short: number = fallback): number {
  const at = process.argv.indexOf(`--${name}`);
  if (at >= 0) return Number(process.argv[at + 1]);
  return isShort ? short : fallback;
}

/**
 * Measures all contestants in each round, so that a noisy minute hits all of them.
 *
 * @returns The measurements of each contestant, in the order of the contestants.
 */
export async function sideBySide<T>(
  rounds: number,
  contestants: readonly (() => Promise<T>)[],
): Promise<T[][]> {
  const results: T[][] = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) results[index]?.push(await contestant());
  }
  return results;
}
