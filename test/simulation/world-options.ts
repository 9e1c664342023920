import type { Durability } from "../../src/journal/journal-options.ts";
import type { Trust } from "../../src/protocol/batch-message.ts";
import type { Fault } from "../../src/testing/simulator/faults.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly items: number;
  readonly workers: number;
  /** Longest handler time in ms; each execution's time is drawn from 0 to this. */
  readonly service: number;
  /** How many items each worker executes at a time; above 1, as many wait beside them in threads. */
  readonly slots?: number;
  /** Share of executions that throw. */
  readonly failing?: number;
  /** How many of the workers that start first fail whatever they execute. */
  readonly bad?: number;
  /** Items of task "a" that block their worker's main thread: sequence number to ms. */
  readonly blocking?: ReadonlyMap<number, number>;
  /** Items of task "a" that take long and leave their worker's main thread free: sequence number to ms. */
  readonly slow?: ReadonlyMap<number, number>;
  /** Longest execution in ms; a worker that is blocked for longer is killed by its watching thread, and replaced. */
  readonly timeout?: number;
  /** Sequence numbers of task "a" that kill the worker that executes them. */
  readonly poison?: readonly number[];
  /** Mean ms between two results of items that do not exist, which a peer sends to the collector; absent: there is no such peer. */
  readonly inventing?: number;
  /** Whose results are taken; absent: any worker's. */
  readonly trust?: Trust;
  /** Mean ms between two things that a peer does which was given no items, and poses as workers that were; absent: there is no such peer. */
  readonly posing?: number;
  /** Share of messages that arrive twice, the second time out of order. */
  readonly duplicating?: number;
  /** Virtual time in ms at which the last fault is injected. */
  readonly faultsUntil?: number;
  /** Mean ms between two faults of a kind. */
  readonly faults?: Partial<Record<Fault, number>>;
  /** Has a second task that depends on the first. */
  readonly dependent?: boolean;
  /** The distributor has a journal, and can be killed. */
  readonly journal?: Durability;
}
