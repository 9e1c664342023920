import { RoleClock, TICK_MS } from "../core/role-clock.ts";
import type { PeerState } from "./peer-state.ts";

/**
 * One run of one role: opens connections, ticks, and closes everything at the end, in whatever way the run ends. The first outcome or error
 * is the result of `run()`.
 */
export abstract class Session<Outcome> {
  readonly #outcome: Promise<Outcome>;
  #resolve: (outcome: Outcome) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #ended = false;
  protected readonly clock = new RoleClock();

  constructor() {
    this.#outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Runs to the end. Call it once. */
  async run(): Promise<Outcome> {
    // Not unref'd: with inproc endpoints, nothing else keeps the process alive while the role works.
    const timer = setInterval(
      this.guard(() => {
        const now = performance.now();
        this.clock.tick(now);
        this.tick(now);
      }),
      TICK_MS,
    );
    const opening = this.open().catch((error: unknown) => this.reject(error));
    try {
      return await this.#outcome;
    } finally {
      this.#ended = true;
      clearInterval(timer);
      await opening; // otherwise a socket that opens late would never be closed
      await this.close();
    }
  }

  /** The peers that the role needs, in the order in which it meets them. */
  get peers(): readonly PeerState[] {
    return [];
  }

  /** Ends the run early: running work may finish for `timeoutMs`. */
  abstract stop(timeoutMs: number): void;

  /** Ends the run at a signal, which the peers of the role may have got as well: running work may finish for `timeoutMs`. */
  drain(timeoutMs: number): void {
    this.stop(timeoutMs);
  }

  /** Binds and connects. Must not wait for peers. */
  protected abstract open(): Promise<void>;
  protected abstract tick(now: number): void;
  protected abstract close(): Promise<void>;

  protected resolve(outcome: Outcome): void {
    this.#ended = true;
    this.#resolve(outcome);
  }

  protected reject(error: unknown): void {
    this.#ended = true;
    this.#reject(error);
  }

  /** Wraps a callback of a timer or transport: it does nothing after the end, and an error in it ends the run instead of the process. */
  protected guard<Args extends unknown[]>(action: (...args: Args) => void): (...args: Args) => void {
    return (...args) => {
      if (this.#ended) return;
      try {
        action(...args);
      } catch (error) {
        this.reject(error);
      }
    };
  }
}
