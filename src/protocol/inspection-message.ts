/** Asks for the state of a run or service. With a task type, asks why that type or its item is not done. */
export interface Inspect {
  readonly type: "inspect";
  readonly runId: string;
  /** The task type in question; empty: the whole run or service. */
  readonly taskType: string;
  /** The item in question; undefined: the whole task type. */
  readonly seq: number | undefined;
}

/** Answers `inspect`; the payload is the report. */
export interface Report {
  readonly type: "report";
  readonly runId: string;
  readonly payload: Uint8Array;
}
