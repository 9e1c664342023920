import { type RetryOptions, resolveRetryPolicy } from "../core/distributor/retry-policy.ts";
import { assertCount, assertTimeout } from "../role/checks.ts";
import { assertKnownOptions, optionNames } from "../role/known-options.ts";

const RETRY_OPTIONS = optionNames<RetryOptions>({ attempts: true, backoff: true, maxBackoff: true });

/**
 * Checks the option `retry`, which other libraries write in other ways.
 *
 * @param name - What the user calls it, such as `tasks[0].retry`.
 * @throws TypeError, RangeError
 */
export function assertRetry(name: string, retry: unknown): void {
  if (retry === undefined) return;
  if (typeof retry === "number" || typeof retry === "boolean") {
    const attempts = retry === false ? 1 : retry === true ? 3 : retry;
    throw new TypeError(
      `${name} must be an object: { attempts: ${attempts} } for at most ${attempts} ${attempts === 1 ? "execution" : "executions"} of each item`,
    );
  }
  assertKnownOptions(name, retry, RETRY_OPTIONS);
  const { attempts, backoff, maxBackoff }: RetryOptions = retry;
  if (attempts !== undefined) assertCount(`${name}.attempts`, attempts, 1, Number.MAX_SAFE_INTEGER);
  if (backoff !== undefined) assertTimeout(`${name}.backoff`, backoff);
  if (maxBackoff !== undefined) assertTimeout(`${name}.maxBackoff`, maxBackoff);
  resolveRetryPolicy(retry);
}
