import { hostname } from "node:os";
import type { Explanation } from "../core/explanation.ts";
import type { RunStatus } from "../protocol/batch-message.ts";
import type { Inspect } from "../protocol/inspection-message.ts";
import type { RoleToInspector } from "../protocol/message.ts";
import { encodePayload } from "../protocol/payload/payload.ts";

/** The version of reports. It is raised when older readers would misread a report. */
export const REPORT_SCHEMA = 1;

/** The part of every report about the process that sends it. */
export interface ProcessReport {
  readonly schema: typeof REPORT_SCHEMA;
  readonly pid: number;
  readonly host: string;
  /** How long the role has been running, in ms. */
  readonly uptime: number;
  /** Only in the last report, which comes by itself: how the run or service has ended. */
  readonly outcome?: {
    readonly status: RunStatus;
    /** The error that has ended it. */
    readonly error?: string;
  };
}

export function processReport(startedAt: number): ProcessReport {
  const uptime = Math.round(performance.now() - startedAt);
  return { schema: REPORT_SCHEMA, pid: process.pid, host: hostname(), uptime };
}

/**
 * Answers an inspector's question.
 *
 * @param status - Returns the state of the run or service.
 * @param explain - Returns why an item or a task is not done; `undefined` if there is no such task.
 */
export function answerInspection(
  runId: string,
  { taskType, seq }: Inspect,
  status: () => object,
  explain: (taskType: string, seq: number | undefined) => Explanation | undefined,
): RoleToInspector {
  const content = taskType === "" ? status() : explain(taskType, seq);
  if (content === undefined)
    return { type: "refuse", runId, reason: `there is no task type ${JSON.stringify(taskType)} here` };
  return { type: "report", runId, payload: encodePayload(content, "report") };
}
