import { isError } from "../protocol/thrown.ts";

/** Requests of one list that are on their way at a time: enough to keep many workers busy, far below a service's queue. */
const LANES = 1024;

/**
 * Sends a list, some at a time, and gathers the replies in its order. The first failure ends the others.
 *
 * @param send - Sends one; the signal is aborted when its reply is not needed any more.
 * @returns The replies, in the order of the list.
 * @throws The first error, with the place of its request as `index`.
 */
export async function requestAll<Data, Result>(
  list: readonly Data[],
  signal: AbortSignal | undefined,
  send: (data: Data, index: number, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(list.length);
  const ended = new AbortController();
  const abort = () => ended.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await inLanes(list, async (data, index) => {
      ended.signal.throwIfAborted();
      try {
        results[index] = await send(data, index, ended.signal);
      } catch (error) {
        if (!ended.signal.aborted) ended.abort(withIndex(error, index));
        throw ended.signal.reason;
      }
    });
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  return results;
}

/** The same, but each request may fail by itself. */
export async function requestAllSettled<Data, Result>(
  list: readonly Data[],
  send: (data: Data, index: number) => Promise<Result>,
): Promise<PromiseSettledResult<Result>[]> {
  const results: PromiseSettledResult<Result>[] = new Array(list.length);
  await inLanes(list, async (data, index) => {
    try {
      results[index] = { status: "fulfilled", value: await send(data, index) };
    } catch (error) {
      results[index] = { status: "rejected", reason: error };
    }
  });
  return results;
}

async function inLanes<Data>(
  list: readonly Data[],
  action: (data: Data, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < list.length; index = next++) await action(list[index] as Data, index);
  };
  await Promise.all(Array.from({ length: Math.min(LANES, list.length) }, lane));
}

function withIndex(error: unknown, index: number): unknown {
  if (isError(error) && Object.isExtensible(error))
    Object.defineProperty(error, "index", { value: index, enumerable: true, configurable: true });
  return error;
}
