/** How often, and after which wait, an execution that failed is repeated. */
export interface RetryOptions {
  /**
   * Most executions of one item, the first one included.
   * @default 3
   */
  readonly attempts?: number;
  /**
   * Wait before the second attempt, in ms; doubled for each further attempt.
   * @default 100
   */
  readonly backoff?: number;
  /**
   * Longest wait, in ms.
   * @default 30000
   */
  readonly maxBackoff?: number;
}

export type RetryPolicy = Required<RetryOptions>;

/** Three attempts: enough for a passing fault, few enough that a real bug shows soon. */
const DEFAULTS: RetryPolicy = { attempts: 3, backoff: 100, maxBackoff: 30_000 };

/** @throws RangeError when a value is out of range. */
export function resolveRetryPolicy(options: RetryOptions = {}): RetryPolicy {
  const {
    attempts = DEFAULTS.attempts,
    backoff = DEFAULTS.backoff,
    maxBackoff = DEFAULTS.maxBackoff,
  } = options;
  const policy: RetryPolicy = { attempts, backoff, maxBackoff };
  if (!Number.isInteger(policy.attempts) || policy.attempts < 1) {
    throw new RangeError(`retry.attempts ${policy.attempts} must be an integer of at least 1`);
  }
  for (const key of ["backoff", "maxBackoff"] as const) {
    if (!(policy[key] >= 0))
      throw new RangeError(`retry.${key} ${policy[key]} must be a number of at least 0`);
  }
  return policy;
}

/** Wait after the given number of failures, in ms; 1 is the first failure. */
export function backoffAfter(failures: number, policy: RetryPolicy): number {
  return Math.min(policy.backoff * 2 ** (failures - 1), policy.maxBackoff);
}
