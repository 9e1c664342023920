import type { Execution, ExecutionOutcome } from "../../core/execution.ts";
import { PipelineError } from "../../errors.ts";
import { toErrorInfo } from "../../protocol/error-info.ts";
import { itemId } from "../../protocol/item-id.ts";
import type { ProgramEnd } from "./program-process.ts";

/** What is known about the failure of a program. */
export interface ProgramFailure extends Partial<Pick<ProgramEnd, "exitCode" | "signal">> {
  /** A sentence that says what happened. */
  readonly message: string;
  /** The last lines that the program wrote to its standard error. */
  readonly stderr: string;
  /** The end of what it wrote to its standard output. */
  readonly stdout?: string;
}

/** The outcome of an item whose program failed: the error has the exit code or the signal, and the end of the program's output. */
export function programFailed(
  failure: ProgramFailure,
  execution: Execution,
  taskType: string,
): ExecutionOutcome {
  const { message, ...facts } = failure;
  const { sourceId, seq, attempt } = execution;
  const error = new PipelineError("PROGRAM_FAILED", message, {
    role: "worker",
    taskType,
    itemId: itemId(sourceId, taskType, seq),
    attempts: attempt,
  });
  return { ok: false, error: toErrorInfo(Object.assign(error, facts)), retryable: true, isGivenUp: true };
}

/** How a program ended, in words. */
export function endText({ exitCode, signal }: ProgramEnd): string {
  return signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
}

/** The last line of a program's log behind a sentence: it often says why. */
export function withLastLine(text: string, log: string): string {
  const last = log.split("\n").at(-1)?.trim() ?? "";
  return last === "" ? text : `${text}: ${last}`;
}

/** The error of a program that cannot be started, whatever the item. */
export function unstartable(
  name: string,
  { code = "", message }: NodeJS.ErrnoException,
  taskType: string,
): PipelineError {
  const why =
    code === "ENOENT"
      ? "there is no such program; name one on the PATH, or its path"
      : code === "EACCES"
        ? "it may not be executed (chmod +x), or is a folder"
        : message;
  return new PipelineError("INIT_FAILED", `The program ${JSON.stringify(name)} cannot be started: ${why}`, {
    role: "worker",
    taskType,
  });
}

/** Whether the system was short of something when a program was to be started: later there may be room. */
export function isShortage({ code = "" }: NodeJS.ErrnoException): boolean {
  return ["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"].includes(code);
}
