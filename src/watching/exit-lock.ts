/** How long the main thread waits at its exit until the watching thread has left ZeroMQ, in ms. */
const WAIT_MS = 1000;

const FREE = 0;
const TAKEN = 1;
const CLOSED = 2;

/**
 * Keeps the process from exiting while its watching thread is inside ZeroMQ. An exit ends the thread at once, and the process would abort if
 * the thread was just loading the addon.
 */
export class ExitLock {
  readonly memory: SharedArrayBuffer;
  readonly #state: Int32Array;

  constructor(memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#state = new Int32Array(memory);
  }

  /** Runs the action, unless the process exits. @returns What the action returned. */
  hold<T>(action: () => T): T | undefined {
    if (Atomics.compareExchange(this.#state, 0, FREE, TAKEN) !== FREE) return undefined;
    try {
      return action();
    } finally {
      Atomics.store(this.#state, 0, FREE);
      Atomics.notify(this.#state, 0);
    }
  }

  /** The process exits: waits for an action that runs, and lets no other begin. */
  close(): void {
    const deadline = performance.now() + WAIT_MS;
    while (Atomics.compareExchange(this.#state, 0, FREE, CLOSED) === TAKEN && performance.now() < deadline) {
      Atomics.wait(this.#state, 0, TAKEN, WAIT_MS);
    }
  }
}
