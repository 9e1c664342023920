// Taken when the module is loaded: a test runner may replace them by fake timers later.
const { setImmediate: nextTurn, setTimeout: timer } = globalThis;

/** Lets the event loop make a turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void nextTurn(resolve));
}

/** Waits in real time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void timer(resolve, ms));
}
