import { EndpointAddress } from "../protocol/endpoint-address.ts";
import { atCaller } from "../self/at-caller.ts";
import { assertMayRun } from "../self/nesting.ts";
import { assertBoolean, assertTimeout } from "./checks.ts";
import { assertKnownOptions, optionNames } from "./known-options.ts";
import { assertMembers, type Members } from "./members.ts";
import { type PeerState, peersOf } from "./peer-state.ts";
import type { Session } from "./session.ts";
import { stopOnSignals } from "./stop-on-signals.ts";

/** Options of a role's `run()`. */
export interface RunOptions {
  /** Aborting the signal stops the role as `stop()` does; `run()` then resolves. */
  readonly signal?: AbortSignal;
  /**
   * Whether SIGINT (Ctrl-C) and SIGTERM stop the run as `stop()` does, where they would end the process at once. The process then has the
   * exit code 130 or 143, unless `process.exitCode` is set. A second signal ends the process.
   * @default false: the library listens for no signals
   */
  readonly signals?: boolean;
}

/** Options of a role's `stop()`. */
export interface StopOptions {
  /**
   * How long running work may take to finish, in ms. After that it is cut off.
   * @default the role's `stopTimeout`
   */
  readonly timeout?: number;
}

/** Long enough for results on their way and handlers of seconds, short enough for a person to wait, in ms. */
const DEFAULT_STOP_TIMEOUT_MS = 5000;

/** Long enough to start the other roles by hand, in ms. */
export const DEFAULT_PEER_TIMEOUT = 60_000;

/** The method that opens a role's session. A symbol, so that users neither see nor override it. */
export const openSession: unique symbol = Symbol("openSession");

/** The method that returns the members of a user's class; a symbol for the same reason. */
export const roleMembers: unique symbol = Symbol("roleMembers");

/**
 * The class of a role's endpoints. A registered symbol: a role of another copy of this library, which a TypeScript loader may make, accepts only
 * endpoints of that copy.
 */
export const endpointClass = Symbol.for("zmqpipeline.endpointClass");

const RUN_OPTIONS = optionNames<RunOptions>({ signal: true, signals: true });
const STOP_OPTIONS = optionNames<StopOptions>({ timeout: true });

/** @throws TypeError, RangeError when the options of `run()` are wrong. */
export function assertRunOptions(options: unknown): void {
  assertKnownOptions("run()", options, RUN_OPTIONS);
  const { signal, signals } = options as RunOptions;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError("signal must be an AbortSignal");
  if (signals !== undefined) assertBoolean("signals", signals);
}

/** @param what - The method, in errors. @throws TypeError, RangeError when its options are wrong. */
export function assertStopOptions(options: unknown, what = "stop()"): void {
  assertKnownOptions(what, options, STOP_OPTIONS);
  const { timeout } = options as StopOptions;
  if (timeout !== undefined) assertTimeout("timeout", timeout);
}

/** The method that returns the outcome of a run that was stopped before it began. */
export const emptyOutcome: unique symbol = Symbol("emptyOutcome");

/** Whether the end of the role ends those that work for it. */
export const leadsRun: unique symbol = Symbol("leadsRun");

/** The method that ends a role at a signal, which its peers may have got as well. */
export const drainRole: unique symbol = Symbol("drainRole");

/** The base of all roles: `run()`, `stop()` and disposal. */
export abstract class Role<Outcome> implements AsyncDisposable {
  #running: { readonly session: Session<Outcome>; readonly done: Promise<unknown> } | undefined;
  #stopTimeoutMs = DEFAULT_STOP_TIMEOUT_MS;

  /** Default of {@link StopOptions.timeout}, in ms. */
  get stopTimeout(): number {
    return this.#stopTimeoutMs;
  }

  /** @throws TypeError when it is no number, RangeError when it is negative. */
  set stopTimeout(timeout: number) {
    atCaller(undefined, () => assertTimeout("stopTimeout", timeout));
    this.#stopTimeoutMs = timeout;
  }

  /** @internal */
  get [endpointClass](): typeof EndpointAddress {
    return EndpointAddress;
  }

  /** @internal */
  get [leadsRun](): boolean {
    return false;
  }

  /** @internal */
  [drainRole](timeoutMs: number): void {
    this.#running?.session.drain(timeoutMs);
  }

  /** @internal `undefined` for roles that users do not extend. */
  [roleMembers](): Members | undefined {
    return undefined;
  }

  /** @internal The peers that the role needs while it runs. */
  get [peersOf](): readonly PeerState[] {
    return this.#running?.session.peers ?? [];
  }

  /** @internal */
  abstract [openSession](): Session<Outcome>;
  /** @internal */
  abstract [emptyOutcome](): Outcome;

  /**
   * Opens the role's endpoints and works until the run is over.
   *
   * @param options - `signal` and `signals` stop the role early.
   * @returns Resolves at the end of the run, also when the role was stopped.
   * @throws TypeError when the role is running already, or is set up wrongly.
   * @throws PipelineError when something goes wrong during the run.
   */
  async run(options: RunOptions = {}): Promise<Outcome> {
    const session = atCaller(Role.prototype.run, () => this.#open(options));
    const { signal } = options;
    if (signal?.aborted) return this[emptyOutcome]();
    const outcome = session.run();
    // The caller of stop() waits for the end; only the caller of run() gets an error.
    this.#running = { session, done: outcome.catch(() => undefined) };
    const abort = () => session.stop(this.stopTimeout);
    signal?.addEventListener("abort", abort, { once: true });
    const heard = () => session.drain(this.stopTimeout);
    const unlisten = options.signals === true ? stopOnSignals(heard, this[leadsRun]) : undefined;
    try {
      return await outcome;
    } finally {
      signal?.removeEventListener("abort", abort);
      unlisten?.();
      this.#running = undefined;
    }
  }

  /**
   * Ends a run early: running work may finish until the deadline, and is cut off then. Nothing happens when the role is not running.
   *
   * @returns Resolves when the role has stopped and closed everything.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    atCaller(Role.prototype.stop, () => assertStopOptions(options));
    const timeoutMs = options.timeout ?? this.stopTimeout;
    const running = this.#running;
    if (running === undefined) return;
    running.session.stop(timeoutMs);
    await running.done;
  }

  #open(options: RunOptions): Session<Outcome> {
    if (this.#running !== undefined) throw new TypeError(`This ${this.constructor.name} is running already`);
    assertRunOptions(options);
    assertMayRun(this);
    assertRole(this);
    // A field of the user's class takes the place of the accessor, which would check it.
    assertTimeout(`${this.constructor.name}.stopTimeout`, this.stopTimeout);
    return this[openSession]();
  }

  /** Stops the role, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** @throws TypeError when the class of a role lacks a method, or has a misspelled one. */
export function assertRole(role: { [roleMembers](): Members | undefined }): void {
  const members = role[roleMembers]();
  if (members !== undefined)
    assertMembers(role, { ...members, fields: [...members.fields, "stopTimeout", "run", "stop"] });
}
