/** Whether this is a short run, which shows that everything works, and whose figures are worth nothing. */
export const isShort = process.argv.includes("--short");

/** Number after a flag on the command line: `--rounds 5`. */
export function option(name: string, fallback: number, short: number = fallback): number {
  const at = process.argv.indexOf(`--${name}`);
  if (at >= 0) return Number(process.argv[at + 1]);
  return isShort ? short : fallback;
}

/**
 * Measures contestants side by side, round by round, so that a noisy minute hits all of them.
 *
 * @returns For each contestant, in order, its measurements.
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
