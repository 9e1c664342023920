/** The options of `zmqpipeline chaos`. */
export interface ChaosOptions {
  readonly seed: number;
  readonly faults: number;
  /** In ms. */
  readonly every: number;
  readonly workersOnly?: boolean;
  readonly workers?: number;
  /** In ms. */
  readonly timeout: number;
  readonly json?: boolean;
}

/** How many faults of each kind have happened. */
export interface ChaosFaults {
  killedWorkers: number;
  stoppedWorkers: number;
  killedRuns: number;
}
