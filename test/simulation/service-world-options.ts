export interface ServiceWorldOptions {
  readonly seed: number;
  readonly clients: number;
  readonly workers: number;
  /** Requests of each client. */
  readonly requests: number;
  /** Mean ms between two requests of a client. */
  readonly every: number;
  /** Longest handler time in ms; each execution's time is drawn from 0 to this. */
  readonly service: number;
  readonly concurrency?: number;
  readonly maxQueue?: number;
  readonly crashLimit?: number;
  /** Share of requests that say that they are idempotent. */
  readonly idempotent?: number;
  /** Share of requests that their client cancels, after a while. */
  readonly cancelling?: number;
  /** Numbers of the first client's requests that kill the worker that executes them. */
  readonly poison?: readonly number[];
  /** Virtual time in ms at which the last fault is injected. */
  readonly faultsUntil?: number;
  readonly faults?: Partial<Record<ServiceFault, number>>;
}

/** Mean ms between two faults of a kind. */
export type ServiceFault =
  | "cut"
  | "mute"
  | "killWorker"
  | "killBroker"
  | "stopBroker"
  | "killClient"
  | "freezeWorker"
  | "freezeBroker"
  | "freezeClient";
