/** The longest time that a timer of Node takes, in ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Waits for a promise, but not longer than so many ms. @returns Whether it has resolved. */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, MAX_TIMER_MS), false);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
