// Plain JavaScript, since piscina's threads cannot import TypeScript on Node.js 20.

/** What was computed, or the compiler would drop the loop. */
export const computed = { state: 0 };

/** Computes so many steps of a linear congruential generator: the same CPU time wherever and beside whatever it runs. */
export function compute(steps) {
  let state = 1;
  for (let step = 0; step < steps; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  computed.state ^= state;
}

/** Steps that take one core of this machine a millisecond. */
export function calibrate() {
  const steps = 20_000_000;
  const times = Array.from({ length: 5 }, () => {
    const startedAt = performance.now();
    compute(steps);
    return performance.now() - startedAt;
  });
  return Math.round(steps / Math.min(...times));
}

/** A piscina task. */
export default function task({ steps = 0 }) {
  compute(steps);
}
