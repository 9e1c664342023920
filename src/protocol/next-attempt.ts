import { MAX_ATTEMPT } from "./limits.ts";

/** The number of the next attempt. A peer may claim the largest number there is, which is then kept: no message could carry a larger one. */
export function nextAttempt(attempt: number): number {
  return Math.min(attempt + 1, MAX_ATTEMPT);
}
