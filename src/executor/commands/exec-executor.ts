import type { Execution, ExecutionOutcome } from "../../core/execution.ts";
import { decodeValue, type Payload } from "../../protocol/payload/payload.ts";
import { PayloadTypeError } from "../../protocol/payload/payload-check.ts";
import type { TaskType } from "../../protocol/task-type.ts";
import { ExecutionInfo } from "../execution-info.ts";
import { abortReason, failure, success } from "../execution-outcome.ts";
import { ExecutionTimer } from "../execution-timer.ts";
import type { Executor, ExecutorPort } from "../executor.ts";
import { settlesWithin } from "../settles-within.ts";
import { type TracedExecution, tracedExecution } from "../traced-handler.ts";
import { execEnvironment } from "./exec-environment.ts";
import { ExecutedProgram } from "./executed-program.ts";
import { whyUnstartable } from "./find-program.ts";
import { fillPlaceholders, havePlaceholders, inputOf } from "./placeholders.ts";
import {
  endText,
  isShortage,
  isTooLong,
  programFailed,
  programTimedOut,
  unstartable,
  withLastLine,
} from "./program-error.ts";
import type { ProgramEnd } from "./program-process.ts";
import { unwrapped, wrappedResult } from "./wrapped-input.ts";

/** How long a killed program may take to end, in ms: the system may hold it. */
const KILLED_MS = 2000;

export interface ExecExecutorOptions {
  readonly taskType: TaskType;
  /** The program and its arguments, with placeholders. Without any, the item is the program's standard input. */
  readonly args: readonly string[];
  /** How many programs run at a time. */
  readonly count: number;
  /** Whether items are inputs of `map()`, each in an object with its index. */
  readonly isWrapped: boolean;
  /** Whether it executes items of runs, or requests of clients: the kind of the span that a tracer gets for each. */
  readonly spans: "item" | "reply";
}

interface ExecJob {
  readonly index: unknown;
  readonly program: ExecutedProgram;
  readonly timer: ExecutionTimer;
  readonly traced: TracedExecution;
  readonly startedAt: number;
}

/** Starts a program for each item. What it writes to its standard output is the result; an exit code other than 0, or a signal, is a failure. */
export class ExecExecutor implements Executor {
  readonly slots: number;
  readonly #options: ExecExecutorOptions;
  readonly #jobs = new Map<Execution, ExecJob>();
  readonly #programs = new Set<ExecutedProgram>();
  #port: ExecutorPort | undefined;
  #timeoutMs = 0;
  #metadata: Payload = {};
  #context = "";
  #idle: (() => void) | undefined;

  constructor(options: ExecExecutorOptions) {
    this.#options = options;
    this.slots = options.count;
  }

  /** A program that is missing is told before the first item. */
  open(port: ExecutorPort): void {
    this.#port = port;
    const [name = ""] = this.#options.args;
    if (whyUnstartable(name) === undefined) return;
    queueMicrotask(() => port.failed(unstartable(name, undefined, this.#options.taskType.name)));
  }

  async begin(metadata: Payload, timeoutMs: number, context: string): Promise<void> {
    this.#timeoutMs = timeoutMs;
    this.#metadata = metadata;
    this.#context = context;
  }

  hasRoom(): boolean {
    return this.#jobs.size < this.slots;
  }

  execute(execution: Execution): ExecutionOutcome | undefined {
    try {
      this.#start(execution);
    } catch (error) {
      return failure(error);
    }
    return undefined;
  }

  /** The program is asked to end: its output is not needed. If it does not, it is killed after a few seconds. */
  abort(execution: Execution): boolean {
    const job = this.#jobs.get(execution);
    job?.timer.abandon();
    job?.program.kill("SIGTERM");
    return job !== undefined;
  }

  takeBack(): readonly [] {
    return [];
  }

  tick(now: number): void {
    for (const [execution, { program, timer }] of [...this.#jobs]) {
      const due = timer.check(now, this.#timeoutMs);
      if (due === "abort") program.kill("SIGTERM");
      if (due !== "give up") continue;
      program.kill("SIGKILL");
      this.#finish(
        execution,
        timer.isAbandoned ? failure(abortReason()) : this.#timedOut(execution, program),
      );
    }
  }

  async close(graceMs: number): Promise<readonly []> {
    for (const execution of this.#jobs.keys()) this.abort(execution);
    if (this.#jobs.size > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
      await settlesWithin(idle, graceMs);
    }
    for (const program of this.#programs) program.kill("SIGKILL");
    await settlesWithin(Promise.all([...this.#programs].map(({ ended }) => ended)), KILLED_MS);
    return [];
  }

  #start(execution: Execution): void {
    const { args, isWrapped, taskType, spans } = this.#options;
    const info = new ExecutionInfo(execution, taskType);
    const { index, value } = unwrapped(decodeValue(execution.payload), isWrapped);
    const input = havePlaceholders(args) ? "" : inputOf(value);
    const words = fillPlaceholders(args, value);
    const traced = tracedExecution(spans, info, this.#context);
    const run = spans === "item" ? { id: execution.sourceId, metadata: this.#metadata } : undefined;
    const environment = execEnvironment(info, run, traced.context);
    const program: ExecutedProgram = new ExecutedProgram(words, environment, input, (end) => {
      this.#programs.delete(program);
      this.#ended(execution, program, end);
    });
    this.#programs.add(program);
    const [timer, startedAt] = [new ExecutionTimer(), performance.now()];
    this.#jobs.set(execution, { index, program, timer, traced, startedAt });
  }

  #ended(execution: Execution, program: ExecutedProgram, end: ProgramEnd): void {
    const job = this.#jobs.get(execution);
    if (job === undefined) return; // it was given up
    const { args, taskType } = this.#options;
    const [name = ""] = args;
    if (end.error !== undefined && ["ENOENT", "EACCES"].includes(end.error.code ?? ""))
      return this.#port?.failed(unstartable(name, end.error.message, taskType.name));
    this.#finish(execution, this.#outcomeOf(execution, job, program, end));
  }

  #outcomeOf(
    execution: Execution,
    { index, timer }: ExecJob,
    program: ExecutedProgram,
    end: ProgramEnd,
  ): ExecutionOutcome {
    const { args, taskType, isWrapped } = this.#options;
    const [name = ""] = args;
    const { exitCode, signal, error } = end;
    if (exitCode === 0 && !program.isOverLimit) {
      try {
        return success(wrappedResult(index, program.result, isWrapped));
      } catch (thrown) {
        return failure(thrown);
      }
    }
    if (timer.isAbandoned) return failure(abortReason());
    if (timer.expired) return this.#timedOut(execution, program);
    // A start that the system refused for want of room may succeed later; one for the arguments would not.
    if (error !== undefined && isTooLong(error)) return failure(tooLong(name));
    if (error !== undefined && !isShortage(error)) return failure(Object.assign(error, { retryable: false }));
    const stderr = program.log;
    const message = program.isOverLimit
      ? `${name} wrote more to its standard output than a result can hold`
      : withLastLine(error?.message ?? `${name} ended with ${endText(end)}`, stderr);
    return programFailed(
      { message, exitCode, signal, stderr, stdout: program.tail },
      execution,
      taskType.name,
    );
  }

  #finish(execution: Execution, outcome: ExecutionOutcome): void {
    const job = this.#jobs.get(execution);
    if (job === undefined) return;
    this.#jobs.delete(execution);
    job.traced.end(outcome);
    this.#port?.finished(execution, outcome, performance.now() - job.startedAt, false);
    this.#port?.room(true);
    if (this.#jobs.size === 0) this.#idle?.();
  }

  #timedOut(execution: Execution, { log, tail }: ExecutedProgram): ExecutionOutcome {
    const output = { stderr: log, stdout: tail };
    return programTimedOut(output, execution, this.#options.taskType.name, this.#timeoutMs);
  }
}

function tooLong(name: string): PayloadTypeError {
  return new PayloadTypeError(
    `The arguments of ${JSON.stringify(name)} are longer than the system allows: without placeholders, a program gets the item as its standard input, which may be of any length`,
  );
}
