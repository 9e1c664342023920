/** A second signal within this time, in ms, is an echo of the first: no finger presses Ctrl-C again as fast. */
const ECHO_MS = 200;

/**
 * Tells echoes from signals. Ctrl-C in a terminal arrives twice where a launcher passes it on (`npx`, `npm run`, `timeout`, the command's own
 * second process): once from the terminal, once from the launcher.
 */
export class SignalEcho {
  #heardAt = Number.NEGATIVE_INFINITY;

  /** Call it at each signal. @returns Whether it is an echo of the one before. */
  isEcho(): boolean {
    const now = performance.now();
    const isEcho = now - this.#heardAt < ECHO_MS;
    if (!isEcho) this.#heardAt = now;
    return isEcho;
  }
}
