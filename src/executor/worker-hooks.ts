import type { ErrorFacts, PipelineError } from "../errors.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import { duringHook } from "../self/nesting.ts";
import { runCloseHook } from "./close-hook.ts";
import { settlesWithin } from "./settles-within.ts";

/** The user's hooks of a worker. */
export interface WorkerHookOptions {
  init(metadata: Payload): Promise<void>;
  close(): unknown;
  /** How long `close` may take. */
  readonly closeTimeoutMs: number;
  /** Where a hook's error happened. */
  readonly facts: ErrorFacts;
}

/** Calls a worker's hooks. `close` is called once, and only if `init` has succeeded. */
export class WorkerHooks {
  readonly #options: WorkerHookOptions;
  #initialised: Promise<void> | undefined;

  constructor(options: WorkerHookOptions) {
    this.#options = options;
  }

  /** A run begins: calls `init`. @throws What the hook throws. */
  async begin(metadata: Payload): Promise<void> {
    this.#initialised = duringHook(() => this.#options.init(metadata));
    await this.#initialised;
  }

  /** The worker ends: calls `close`. @returns The hook's error. */
  async close(): Promise<PipelineError | undefined> {
    const { close, closeTimeoutMs, facts } = this.#options;
    if (!(await this.#isInitialised())) return undefined;
    return await runCloseHook("closeWorker", close, closeTimeoutMs, facts);
  }

  /** Waits for an `init` that still runs: what it opens must be closed. */
  async #isInitialised(): Promise<boolean> {
    if (this.#initialised === undefined) return false;
    try {
      return await settlesWithin(this.#initialised, this.#options.closeTimeoutMs);
    } catch {
      return false; // the error was reported when it happened
    }
  }
}
