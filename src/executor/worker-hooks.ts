import type { ErrorFacts, PipelineError } from "../errors.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import { duringHook } from "../self/nesting.ts";
import { runCloseHook } from "./close-hook.ts";
import { settlesWithin } from "./settles-within.ts";

/** A worker's own hooks, of its user. */
export interface WorkerHookOptions {
  init(metadata: Payload): Promise<void>;
  close(): unknown;
  /** How long `close` may take, in ms. */
  readonly closeTimeout: number;
  /** Where an error of a hook happened. */
  readonly facts: ErrorFacts;
}

/** Calls a worker's hooks: what was initialised is closed, once. */
export class WorkerHooks {
  readonly #options: WorkerHookOptions;
  #initialised: Promise<void> | undefined;

  constructor(options: WorkerHookOptions) {
    this.#options = options;
  }

  /** A run begins. @throws What the hook throws. */
  async begin(metadata: Payload): Promise<void> {
    this.#initialised = duringHook(() => this.#options.init(metadata));
    await this.#initialised;
  }

  /** The worker ends. @returns What went wrong in that. */
  async close(): Promise<PipelineError | undefined> {
    const { close, closeTimeout, facts } = this.#options;
    if (!(await this.#isOpen())) return undefined;
    return await runCloseHook("closeWorker", close, closeTimeout, facts);
  }

  /** A hook that is under way still may open what is to be closed. */
  async #isOpen(): Promise<boolean> {
    if (this.#initialised === undefined) return false;
    try {
      return await settlesWithin(this.#initialised, this.#options.closeTimeout);
    } catch {
      return false; // told when it happened
    }
  }
}
