/** The longest time that a timer of Node takes, in ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Waits for a promise for `timeoutMs` at the most. @returns Whether the promise has resolved. @throws Its error when it rejects. */
export async function settlesWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, Math.min(timeoutMs, MAX_TIMER_MS), false);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
