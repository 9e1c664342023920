/**
 * What those send who only look, and what they get; of a distributor's task endpoints, and of a service's two:
 *
 * ```
 * inspector → distributor or service  inspect
 * distributor or service → inspector  report refuse
 * ```
 */
export type InspectionMessage = Inspect | Report;

/** How does the run stand; or, where a task type is named, why is it, or its item, not done? */
export interface Inspect {
  readonly type: "inspect";
  readonly runId: string;
  /** Empty: everything. */
  readonly taskType: string;
  /** The item of that type; nothing: all of it. */
  readonly seq: number | undefined;
}

/** The answer, as a payload. */
interface Report {
  readonly type: "report";
  readonly runId: string;
  readonly payload: Uint8Array;
}
