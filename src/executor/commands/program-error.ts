import type { Execution, ExecutionOutcome } from "../../core/execution.ts";
import { PipelineError } from "../../errors.ts";
import { givenUp } from "../execution-outcome.ts";
import { whyUnstartable } from "./find-program.ts";
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
  return givenUp("PROGRAM_FAILED", message, execution, taskType, facts);
}

/** The outcome of an item whose time is over. The error has the end of the program's output, which may say what it waited for. */
export function programTimedOut(
  output: Pick<ProgramFailure, "stderr" | "stdout">,
  execution: Execution,
  taskType: string,
  timeoutMs: number,
): ExecutionOutcome {
  const message = withLastLine(`The program ran longer than ${timeoutMs} ms`, output.stderr);
  return givenUp("EXECUTION_TIMEOUT", message, execution, taskType, output);
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

/**
 * The error of a program that cannot be started, whatever the item.
 *
 * @param message - What the system said, where it was asked.
 */
export function unstartable(name: string, message: string | undefined, taskType: string): PipelineError {
  const why = whyUnstartable(name) ?? message ?? "the system does not say why";
  return new PipelineError("INIT_FAILED", `The program ${JSON.stringify(name)} cannot be started: ${why}`, {
    role: "worker",
    taskType,
  });
}

/** An item that makes a program's command line too long: no other attempt would change that. */
export function isTooLong({ code = "" }: NodeJS.ErrnoException): boolean {
  return code === "E2BIG" || code === "ENAMETOOLONG";
}

/** Whether the system was short of something when a program was to be started: later there may be room. */
export function isShortage({ code = "" }: NodeJS.ErrnoException): boolean {
  return ["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"].includes(code);
}
