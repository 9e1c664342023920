/** What {@link testPipeline} may find. `docs/guides/testing.md` says what each kind proves. */
export type FindingKind =
  /** Two executions of one item gave different results: the handler is not deterministic. */
  | "result"
  /** A handler returned for an item, and threw when it got the same item again: it is not idempotent. */
  | "threw"
  /** A handler that got an item again changed the snapshot: it is not idempotent. */
  | "effect"
  /** A handler that was killed at an `await`, and called again, threw, or left another snapshot than without the kill. */
  | "partial"
  /** The snapshot at the end of the run is not that of a run without faults. */
  | "outcome"
  /** Two runs without faults, in which results arrive in another order, end with different snapshots. */
  | "order"
  /** Two handlers that run at the same time disturb each other: the outcome is that of neither order. */
  | "race"
  /** Two runs without faults, in which results arrive in the same order, end with different snapshots. */
  | "outside"
  /** The snapshot changed when a handler had returned, or when the run was over: something was started and not awaited. */
  | "late"
  /** The snapshot behind `reset()` is not the one that it was before the first run. */
  | "reset"
  /** A task gave other items when they were asked for again, or none at all. */
  | "source"
  /** An item failed for good. */
  | "failed"
  /** A hook threw, and ended the run. */
  | "run"
  /** The run did not end, or a handler's promise did not settle. */
  | "endless";

/** The item at which something was found. */
export interface FoundItem {
  /** The item's id, as the handler got it; the id of every run in the test begins with `run/`. */
  readonly id: string;
  readonly data: unknown;
}

/** Something that {@link testPipeline} found. */
export interface Finding {
  readonly kind: FindingKind;
  /** One sentence for people. */
  readonly message: string;
  /** The handler or hook: such as `handleExecution() of Squarer`, `worker square()` or `collector`. Absent where it cannot be known. */
  readonly handler?: string;
  /** The name of the task type. */
  readonly taskType?: string;
  /** The item, where one is known. */
  readonly item?: FoundItem;
  /** What was there first: a result or a snapshot. */
  readonly before?: unknown;
  /** What was found instead. */
  readonly after?: unknown;
  /** What was thrown. */
  readonly error?: unknown;
}

/** What a test has tried: counts over all runs. */
export interface TriedFaults {
  /** Runs, those included that every test makes: without faults, and with repeated items. */
  readonly runs: number;
  /** Items that tasks gave. */
  readonly items: number;
  /** Calls of workers' handlers. */
  readonly executions: number;
  /** Those of them that got an item which had been executed before. */
  readonly repeatedExecutions: number;
  /** Results that collectors handled. */
  readonly collections: number;
  /** Those of them that an earlier collector had handled before it was killed. */
  readonly repeatedCollections: number;
  readonly killedWorkers: number;
  /** Kills of a handler's process at an `await`, each at another place in the code. */
  readonly killsAtAwaits: number;
  readonly killedCollectors: number;
  /** Kills of the distributor, each followed by a start from the journal. */
  readonly killedDistributors: number;
  readonly lostConnections: number;
  readonly lostMessages: number;
  readonly duplicatedMessages: number;
  readonly freezes: number;
  /** Executions whose timeout was over. */
  readonly timeouts: number;
  /** Pairs of executions that ran at the same time. */
  readonly overlaps: number;
  /** Time that passed in the runs, in virtual ms. */
  readonly virtualTime: number;
}

/** What {@link testPipeline} returns. */
export interface PipelineVerdict {
  /** Whether nothing was found. */
  readonly ok: boolean;
  /** What was found, in the order in which it happened. */
  readonly findings: readonly Finding[];
  /**
   * The seed whose run found something: `testPipeline({ …, seed, runs: 1 })` repeats it. Absent where nothing was found, or where one of the runs
   * found it that every test makes.
   */
  readonly seed?: number;
  readonly tried: TriedFaults;
  /** All of this, for people. */
  readonly text: string;
}
