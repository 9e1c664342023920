import { hostname } from "node:os";
import type { Explanation } from "../core/explanation.ts";
import type { RunStatus } from "../protocol/batch-message.ts";
import { MAX_REASON_BYTES } from "../protocol/bounds.ts";
import type { Inspect } from "../protocol/inspection-message.ts";
import type { RoleToInspector } from "../protocol/message.ts";
import { encodePayload } from "../protocol/payload/payload.ts";
import { describeThrown } from "../protocol/thrown.ts";

/** Longest reason of a refused report, in UTF-16 units: each takes three bytes at the most. */
const MAX_REASON_LENGTH = Math.floor(MAX_REASON_BYTES / 3);

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

/** Most workers that a report lists. A report of all of them might be larger than a payload may be. */
export const MAX_REPORTED_WORKERS = 1000;

/** Most task types of a service that a report lists. */
export const MAX_REPORTED_TYPES = 4096;

/** @returns The workers that a report lists, in their order, and how many it leaves out: those that need no attention first. */
export function reportedWorkers<T>(
  workers: Iterable<T>,
  needsAttention: (worker: T) => boolean,
): { readonly listed: readonly T[]; readonly left: number } {
  const all = [...workers];
  const left = Math.max(0, all.length - MAX_REPORTED_WORKERS);
  if (left === 0) return { listed: all, left };
  const chosen = new Set(all.filter(needsAttention).slice(0, MAX_REPORTED_WORKERS));
  for (const worker of all) {
    if (chosen.size === MAX_REPORTED_WORKERS) break;
    chosen.add(worker);
  }
  return { listed: all.filter((worker) => chosen.has(worker)), left };
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
  return reportMessage(runId, content);
}

/** A report that cannot be sent, because there is too much to tell, is refused with the reason: no peer may end a role by a question. */
export function reportMessage(runId: string, content: object): RoleToInspector {
  try {
    return { type: "report", runId, payload: encodePayload(content, "report") };
  } catch (error) {
    const reason = `the report cannot be sent: ${describeThrown(error)}`.slice(0, MAX_REASON_LENGTH);
    return { type: "refuse", runId, reason };
  }
}
