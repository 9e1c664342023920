/** What happens to a simulated run. */
export type Fault =
  /** A connection ends; messages on their way are lost. */
  | "cut"
  /** Messages of one direction of a connection are lost, until its heartbeat ends the connection. */
  | "mute"
  | "killWorker"
  | "freezeWorker"
  | "freezeDistributor"
  | "freezeCollector"
  /** Needs a journal. */
  | "killDistributor"
  | "killCollector";
