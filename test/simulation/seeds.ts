/** Seeds that `npm test` runs of each scenario. `npm run test:all` and `npm run test:simulation` run more: they set SIMULATION_SEEDS. */
export const SEEDS_OF_NPM_TEST = { batch: 40, badWorkers: 20, service: 6 };

/** The first seed of each scenario. */
export const FIRST_SEED = Number(process.env.SIMULATION_FIRST_SEED ?? 1);

/** How many seeds of each scenario this run tries. */
export function seedsOf(scenarios: keyof typeof SEEDS_OF_NPM_TEST): number {
  return Number(process.env.SIMULATION_SEEDS ?? SEEDS_OF_NPM_TEST[scenarios]);
}

/** Runs a scenario, and names the seed in its error: the same seed gives the same error again. */
export function naming(seed: number, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw new Error(`Seed ${seed} fails: ${(error as Error).message}`, { cause: error });
  }
}
