/**
 * The faults that {@link testPipeline} brings about, each with its rate from 0 to 1. A kind that is left out does not happen. No fault is
 * aimed at one item more than three times, so a run ends also with rates of 1.
 */
export interface FaultRates {
  /** Share of executions in which the worker is killed: the handler has run, and its result is lost unless it has left already. */
  readonly killWorker?: number;
  /**
   * Share of the places at which a handler awaits a promise, in your own files. In a run for each of them, 100 at the most, the handler's process is killed there once: what it awaits
   * happens, nothing behind it does, and the item is executed again. What the killed handler holds in variables of its module, such as a lock, stays as it is until the run's end.
   */
  readonly killAtAwait?: number;
  /** Share of results after whose handling the collector is killed, before or after its ACK has left; another collector is started. */
  readonly killCollector?: number;
  /**
   * Share of executions in which the distributor is killed and started again from its journal. Its tasks give their items again, which must
   * be the same ones, as the journal of a real run demands.
   */
  readonly killDistributor?: number;
  /** Share of executions in which a connection ends, with the messages on their way. */
  readonly loseConnection?: number;
  /** Share of executions in which a connection goes silent in one direction, until its heartbeat ends it. */
  readonly loseMessages?: number;
  /** Share of messages that arrive twice, the second time behind others. */
  readonly duplicate?: number;
  /** Share of executions in which a role stands still for up to 5 s of virtual time, as in a pause of its machine. */
  readonly freeze?: number;
  /** Share of items whose handler is called a second time at once, with the same data and id: the quickest way to find what is not idempotent. */
  readonly repeat?: number;
  /**
   * Share of executions whose `timeout` is over, of tasks that have one: `info.signal` is aborted while the handler awaits, and the item fails with
   * `EXECUTION_TIMEOUT` and is executed again, although its handler may have done its work. Once for an item at the most.
   */
  readonly expire?: number;
  /**
   * Share of executions that begin together with the next one, of another worker: finds handlers that read, await and write what others write. All
   * workers share this process here, so leave it out where handlers keep something of one item in variables of their module.
   */
  readonly overlap?: number;
}

/** The faults of {@link testPipeline} by default: all that need no journal, and no handlers that share nothing but a database. */
export const DEFAULT_FAULTS: FaultRates = {
  killWorker: 0.05,
  killAtAwait: 1,
  killCollector: 0.03,
  loseConnection: 0.05,
  loseMessages: 0.02,
  duplicate: 0.05,
  freeze: 0.02,
  repeat: 0.1,
  expire: 0.05,
};
