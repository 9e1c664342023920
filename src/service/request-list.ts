import { isError } from "../protocol/thrown.ts";
import { type Entry, type RequestList, RequestSource } from "./request-source.ts";

/** How many requests of one list are on their way at a time: enough for many workers, far below the length of a service's queue. */
const LANES = 1024;

/**
 * Sends the requests of a list, some at a time. The first failure aborts the other requests.
 *
 * @param send - Sends one request. The signal is aborted when the reply is not needed any more.
 * @returns The replies, in the order of the list.
 * @throws The first error. Its `index` is the position of the request in the list.
 */
export async function requestAll<Data, Result>(
  list: RequestList<Data>,
  signal: AbortSignal | undefined,
  send: (data: Data, index: number, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const ended = new AbortController();
  const abort = () => ended.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await inLanes(list, ended.signal, async ({ data, index }) => {
      ended.signal.throwIfAborted();
      try {
        results[index] = await send(data, index, ended.signal);
      } catch (error) {
        if (!ended.signal.aborted) ended.abort(withIndex(error, index));
        throw ended.signal.reason;
      }
    });
  } catch (error) {
    ended.abort(error); // the list itself may have thrown
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  return results;
}

/** Sends the requests of a list, some at a time. Each may fail by itself. @throws What the list throws. */
export async function requestAllSettled<Data, Result>(
  list: RequestList<Data>,
  send: (data: Data, index: number) => Promise<Result>,
): Promise<PromiseSettledResult<Result>[]> {
  const results: PromiseSettledResult<Result>[] = [];
  await inLanes(list, undefined, async ({ data, index }) => {
    try {
      results[index] = { status: "fulfilled", value: await send(data, index) };
    } catch (error) {
      results[index] = { status: "rejected", reason: error };
    }
  });
  return results;
}

/** @param ended - Aborted when no more replies are needed. The list may then still be waiting for its next request. */
async function inLanes<Data>(
  list: RequestList<Data>,
  ended: AbortSignal | undefined,
  action: (entry: Entry<Data>) => Promise<void>,
): Promise<void> {
  const source = new RequestSource(list);
  const lane = async () => {
    for (;;) {
      const next = source.next();
      const entry = next instanceof Promise ? await next : next;
      if (entry === undefined) return;
      await action(entry);
    }
  };
  const count = Array.isArray(list) ? Math.min(LANES, list.length) : LANES;
  const lanes = Promise.all(Array.from({ length: count }, lane));
  try {
    await (ended === undefined ? lanes : Promise.race([lanes, rejection(ended)]));
  } finally {
    source.close();
  }
}

/** Rejects with the signal's reason. */
function rejection(signal: AbortSignal): Promise<never> {
  const rejected = new Promise<never>((_resolve, reject) => {
    const refuse = () => reject(signal.reason);
    if (signal.aborted) refuse();
    else signal.addEventListener("abort", refuse, { once: true });
  });
  rejected.catch(() => {}); // the race may be over
  return rejected;
}

function withIndex(error: unknown, index: number): unknown {
  if (isError(error) && Object.isExtensible(error))
    Object.defineProperty(error, "index", { value: index, enumerable: true, configurable: true });
  return error;
}
