import type { Execution, ExecutionOutcome } from "../../core/execution.ts";
import { replaceForJson } from "../../protocol/json-values.ts";
import type { Payload } from "../../protocol/payload/payload.ts";
import { carriedFields } from "../../tracing/carried-fields.ts";
import type { ExecutionInfo } from "../execution-info.ts";
import { ExecutionTimer } from "../execution-timer.ts";
import type { TracedExecution } from "../traced-handler.ts";
import { toJson } from "./json-data.ts";

/** Why a program is told that it may end an item early. */
export type CancelReason = "timeout" | "unwanted";

/** An item on its way through a program. */
export interface ProgramJob {
  readonly execution: Execution;
  /** The item's id, by which the program answers. */
  readonly id: string;
  /** The item's line up to the last member but the run. */
  readonly head: string;
  readonly timer: ExecutionTimer;
  readonly index: unknown;
  /** Ends the item's span. */
  readonly traced: (outcome: ExecutionOutcome) => void;
  /** When it was given to the program, in ms. */
  givenAt: number;
  /** It was in a program that failed while it had several items: it is executed alone. */
  isSuspect: boolean;
  /** `timeout`: its time is over. `unwanted`: its result is not needed any more. */
  cancelled: CancelReason | undefined;
}

/** What a program is told about the run with the first item that it gets of it. */
export interface ProgramRun {
  /** Absent for requests, which belong to no run that a handler knows. */
  readonly id?: string;
  readonly metadata?: Payload;
  /** Longest execution of an item, in ms. Absent where it is unlimited. */
  readonly timeout?: number;
}

/**
 * Makes the job of an execution.
 *
 * @param traced - Begins the item's span.
 * @throws PayloadTypeError when JSON cannot express the data.
 */
export function programJob(
  execution: Execution,
  info: ExecutionInfo,
  { index, value }: { readonly index: unknown; readonly value: unknown },
  traced: () => TracedExecution,
): ProgramJob {
  const data = toJson(value);
  const { id, attempt, taskType, generation } = info;
  const { context, end } = traced();
  const head = JSON.stringify({ id, attempt, taskType: taskType.name }).slice(0, -1);
  const added = {
    ...(generation === 0 ? {} : { generation }),
    ...(context === "" ? {} : { trace: carriedFields(context) }),
  };
  return {
    execution,
    id,
    head: `${head},"data":${data}${membersOf(added)}`,
    timer: new ExecutionTimer(),
    index,
    traced: end,
    givenAt: 0,
    isSuspect: false,
    cancelled: undefined,
  };
}

/** The line that gives an item to a program. @param run - The run, where the program has not heard of it. */
export function itemLine({ head }: ProgramJob, run: ProgramRun | undefined): string {
  const isTold = run !== undefined && Object.keys(run).length > 0;
  return `${head}${membersOf(isTold ? { run } : {})}}\n`;
}

/** Members to be added to a line, behind the data: what a tool such as `sed` finds first in a line stays the same. */
function membersOf(added: object): string {
  const members = JSON.stringify(added, replaceForJson).slice(1, -1);
  return members === "" ? "" : `,${members}`;
}

/** The line that tells a program that it may end an item early. */
export function cancelLine({ id, cancelled }: ProgramJob): string {
  return `${JSON.stringify({ cancel: id, reason: cancelled })}\n`;
}
