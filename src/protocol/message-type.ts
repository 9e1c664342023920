/**
 * The message types that hooks receive. The values are those of py-zmq-pipeline.
 *
 * `Task.handle` receives `RDY` (a worker has room), `Collector.handleCollection` receives `DATA`.
 */
export const MessageType = Object.freeze({
  ACK: "ACK",
  /** Success. */
  OK: "OK",
  FAIL: "FAIL",
  /** A worker is ready for an item. */
  RDY: "RDY",
  END: "END",
  DATA: "DATA",
  METADATA: "METADATA",
  /** Routing. */
  RTE: "RTE",
  EMPTY: "",
  /** Unknown. */
  UNK: "UNK",
} as const);

export type MessageType = (typeof MessageType)[keyof typeof MessageType];
