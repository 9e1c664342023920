// Plain JavaScript, since piscina's threads cannot import TypeScript on Node.js 20.

/** The result of the computation: without a use of it the compiler would drop the loop. */
export const computed = { state: 0 };

/** Computes `steps` steps of a linear congruential generator, which take the same processor time in every process. */
export function compute(steps) {
  let state = 1;
  for (let step = 0; step < steps; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  computed.state ^= state;
}

/** How many steps one core of this machine computes in a millisecond. */
export function calibrate() {
  const steps = 20_000_000;
  const times = Array.from({ length: 5 }, () => {
    const startedAt = performance.now();
    compute(steps);
    return performance.now() - startedAt;
  });
  return Math.round(steps / Math.min(...times));
}

/** The task for piscina. */
export default function task({ steps = 0 }) {
  compute(steps);
}
