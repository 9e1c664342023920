import { settlesWithin } from "../executor/settles-within.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";

/** A promise of the user's code did not settle in time. */
export class NeverSettled extends Error {}

/** Calls the user's code, and waits for its promise: virtual time stands still meanwhile. @throws NeverSettled, and what the code throws. */
export async function userCall<T>(
  what: string,
  timeoutMs: number,
  call: () => T | PromiseLike<T>,
): Promise<T> {
  const returned = call();
  if (!isPromiseLike(returned)) return returned;
  const promise = Promise.resolve(returned);
  if (await settlesWithin(promise, timeoutMs)) return await promise;
  throw new NeverSettled(
    `The promise of ${what} did not settle within ${timeoutMs} ms of real time (handlerTimeout)`,
  );
}
