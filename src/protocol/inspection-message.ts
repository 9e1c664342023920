/** Asks how a run or a service stands or, where a task type is named, why the type or its item is not done. */
export interface Inspect {
  readonly type: "inspect";
  readonly runId: string;
  /** Empty: everything. */
  readonly taskType: string;
  /** The item of that type; nothing: all of it. */
  readonly seq: number | undefined;
}

/** The answer, as a payload. */
export interface Report {
  readonly type: "report";
  readonly runId: string;
  readonly payload: Uint8Array;
}
