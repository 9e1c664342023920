import { assertMayRun } from "../self/nesting.ts";
import { assertTimeout } from "./checks.ts";
import { assertKnownOptions, optionNames } from "./known-options.ts";
import { assertMembers, type Members } from "./members.ts";
import type { Session } from "./session.ts";

/** Of a role's `run()`. */
export interface RunOptions {
  /** Aborting it stops the role as `stop()` does; `run()` then resolves. */
  readonly signal?: AbortSignal;
}

/** Of a role's `stop()`. */
export interface StopOptions {
  /**
   * How long what is under way may take to finish, in ms. After that it is cut off.
   * @default the role's `stopTimeout`
   */
  readonly timeout?: number;
}

/** Long enough for a batch on its way and a handler of seconds, short enough for a person to wait. */
const DEFAULT_STOP_TIMEOUT = 5000;

/** Long enough to start the other roles by hand. */
export const DEFAULT_PEER_TIMEOUT = 60_000;

/** Opens a role's session; a symbol, so that it is no part of what users see and override. */
export const openSession: unique symbol = Symbol("openSession");

/** What a class of the user's must have; a symbol for the same reason. */
export const roleMembers: unique symbol = Symbol("roleMembers");

const RUN_OPTIONS = optionNames<RunOptions>({ signal: true });
const STOP_OPTIONS = optionNames<StopOptions>({ timeout: true });

/** @throws TypeError, RangeError when `run()` is given something else than its options. */
export function assertRunOptions(options: unknown): void {
  assertKnownOptions("run()", options, RUN_OPTIONS);
  const { signal } = options as RunOptions;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError("signal must be an AbortSignal");
}

/** @throws TypeError, RangeError when `stop()` is given something else than its options. */
export function assertStopOptions(options: unknown): void {
  assertKnownOptions("stop()", options, STOP_OPTIONS);
  const { timeout } = options as StopOptions;
  if (timeout !== undefined) assertTimeout("timeout", timeout);
}

/** The outcome of a run that was stopped before it began. */
export const emptyOutcome: unique symbol = Symbol("emptyOutcome");

/** What all roles have: `run()`, `stop()` and disposal, in every state. */
export abstract class Role<Outcome> implements AsyncDisposable {
  #running: { readonly session: Session<Outcome>; readonly done: Promise<unknown> } | undefined;
  #stopTimeout = DEFAULT_STOP_TIMEOUT;

  /** Default of {@link StopOptions.timeout}, in ms. */
  get stopTimeout(): number {
    return this.#stopTimeout;
  }

  /** @throws RangeError when it is not a number of at least 0. */
  set stopTimeout(timeout: number) {
    assertTimeout("stopTimeout", timeout);
    this.#stopTimeout = timeout;
  }

  /** @internal Nothing where users extend no class of the library. */
  [roleMembers](): Members | undefined {
    return undefined;
  }

  /** @internal */
  abstract [openSession](): Session<Outcome>;
  /** @internal */
  abstract [emptyOutcome](): Outcome;

  /**
   * Opens the role's endpoints and works until the run is over. The constructor has opened nothing.
   *
   * @param options - `signal` stops the role early.
   * @returns Resolves at the end of the run, also when it was stopped.
   * @throws TypeError when the role is running already, or was set up wrongly.
   * @throws PipelineError for everything that goes wrong on the way.
   */
  async run(options: RunOptions = {}): Promise<Outcome> {
    if (this.#running !== undefined) throw new TypeError(`This ${this.constructor.name} is running already`);
    assertRunOptions(options);
    assertMayRun(this);
    assertRole(this);
    const { signal } = options;
    const session = this[openSession]();
    if (signal?.aborted) return this[emptyOutcome]();
    const outcome = session.run();
    // Who awaits stop() waits for the end; how it ended is told to who awaits run().
    this.#running = { session, done: outcome.catch(() => undefined) };
    const abort = () => session.stop(this.#stopTimeout);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await outcome;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#running = undefined;
    }
  }

  /**
   * Ends a run early: what is under way may finish until the deadline, then it is cut off. Nothing happens when the role is
   * not running.
   *
   * @returns Resolves when the role has stopped and closed everything.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    assertStopOptions(options);
    const timeout = options.timeout ?? this.#stopTimeout;
    const running = this.#running;
    if (running === undefined) return;
    running.session.stop(timeout);
    await running.done;
  }

  /** Stops it, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** @throws TypeError when the class of a role lacks a method, or has one that nothing would call. */
export function assertRole(role: { [roleMembers](): Members | undefined }): void {
  const members = role[roleMembers]();
  if (members !== undefined)
    assertMembers(role, { ...members, fields: [...members.fields, "stopTimeout", "run", "stop"] });
}
