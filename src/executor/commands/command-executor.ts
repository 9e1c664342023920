import type { Execution, ExecutionOutcome } from "../../core/execution.ts";
import { PipelineError } from "../../errors.ts";
import { itemId } from "../../protocol/item-id.ts";
import { decodeValue } from "../../protocol/payload/payload.ts";
import type { TaskType } from "../../protocol/task-type.ts";
import { abortReason, failure, success, timedOut } from "../execution-outcome.ts";
import { ExecutionTimer } from "../execution-timer.ts";
import type { Executor, ExecutorPort } from "../executor.ts";
import { settlesWithin } from "../settles-within.ts";
import { toJson } from "./json-data.ts";
import type { JsonProgram, ProgramJob, ProgramLoss, ProgramOutcome } from "./json-program.ts";
import { programFailed } from "./program-error.ts";
import { ProgramPool, type ProgramPoolOptions } from "./program-pool.ts";
import { unwrapped, wrappedResult } from "./wrapped-input.ts";

export interface CommandExecutorOptions extends Omit<ProgramPoolOptions, "taskType"> {
  readonly taskType: TaskType;
  /** Whether items are inputs of `map()`, each in an object with its index. */
  readonly isWrapped: boolean;
  /** How long programs may take to end by themselves. */
  readonly closeTimeoutMs: number;
}

/**
 * Executes items in programs that get a line of JSON for each item and answer with another. A program that fails while it has one item fails
 * that item. If it has several, each of them is executed again alone, so that only the one at fault fails.
 */
export class CommandExecutor implements Executor {
  readonly #options: CommandExecutorOptions;
  readonly #pool: ProgramPool;
  /** Where each execution is, unless it is a suspect that waits. */
  readonly #placed = new Map<Execution, { readonly program: JsonProgram; readonly job: ProgramJob }>();
  /** Jobs that wait for a program without others. */
  #suspects: ProgramJob[] = [];
  #port: ExecutorPort | undefined;
  #timeoutMs = 0;
  #slots: number;
  #idle: (() => void) | undefined;

  constructor(options: CommandExecutorOptions) {
    this.#options = options;
    this.#slots = options.count;
    this.#pool = new ProgramPool(
      { ...options, taskType: options.taskType.name },
      {
        room: () => this.#roomCameFree(),
        answered: (program, outcomes) => this.#answered(program, outcomes),
        lost: (program, loss) => this.#lost(program, loss),
        failed: (error) => this.#port?.failed(error),
        note: (event, facts) => this.#port?.note(event, facts),
      },
    );
  }

  get slots(): number {
    return this.#slots;
  }

  open(port: ExecutorPort): void {
    this.#port = port;
    this.#pool.open();
  }

  async begin(_metadata: unknown, timeoutMs: number): Promise<void> {
    this.#timeoutMs = timeoutMs;
  }

  hasRoom(): boolean {
    return this.#suspects.length === 0 && this.#freeProgram() !== undefined;
  }

  execute(execution: Execution): ExecutionOutcome | undefined {
    let job: ProgramJob;
    try {
      job = this.#jobOf(execution);
    } catch (error) {
      return failure(error);
    }
    const program = this.#freeProgram();
    if (program === undefined) this.#suspects.push(job);
    else this.#give(program, job);
    return undefined;
  }

  abort(execution: Execution): boolean {
    this.#suspects = this.#suspects.filter((job) => job.execution !== execution);
    const placed = this.#placed.get(execution);
    if (placed !== undefined) placed.job.isUnwanted = true;
    return placed !== undefined;
  }

  takeBack(): readonly [] {
    return [];
  }

  tick(now: number): void {
    for (const program of [...this.#pool]) {
      const isLoading = this.#pool.isLoading(program, now);
      if (isLoading || this.#timeoutMs === 0) continue;
      const late = [...program.jobs.values()].filter(
        ({ timer }) => timer.check(now, this.#timeoutMs) === "give up",
      );
      if (late.length > 0) this.#giveUp(program, new Set(late));
    }
  }

  async close(graceMs: number): Promise<readonly PipelineError[]> {
    this.#suspects = [];
    for (const execution of this.#placed.keys()) this.abort(execution);
    if (this.#placed.size > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
      await settlesWithin(idle, graceMs);
    }
    const { args, taskType, closeTimeoutMs } = this.#options;
    const problems = await this.#pool.close(closeTimeoutMs);
    return problems.map(
      (problem) =>
        new PipelineError("CLOSE_FAILED", `The program ${JSON.stringify(args[0])} ended badly: ${problem}`, {
          role: "worker",
          taskType: taskType.name,
        }),
    );
  }

  #jobOf(execution: Execution): ProgramJob {
    const { sourceId, seq, attempt, payload } = execution;
    const taskType = this.#options.taskType.name;
    const { index, value } = unwrapped(decodeValue(payload), this.#options.isWrapped);
    const id = itemId(sourceId, taskType, seq);
    const head = JSON.stringify({ id, attempt, taskType });
    return {
      execution,
      id,
      line: `${head.slice(0, -1)},"data":${toJson(value)}}\n`,
      timer: new ExecutionTimer(),
      index,
      givenAt: 0,
      isSuspect: false,
      isUnwanted: false,
    };
  }

  /** The program with the fewest items that takes another. */
  #freeProgram(): JsonProgram | undefined {
    let free: JsonProgram | undefined;
    for (const program of this.#pool) {
      if (program.jobs.size >= program.concurrency || !this.#pool.isOpen(program) || hasSuspect(program))
        continue;
      if (free === undefined || program.jobs.size < free.jobs.size) free = program;
    }
    return free;
  }

  #give(program: JsonProgram, job: ProgramJob): void {
    this.#placed.set(job.execution, { program, job });
    program.give(job);
  }

  /** Suspects go first, each to a program without other items. */
  #roomCameFree(): void {
    for (const program of this.#pool) {
      if (this.#suspects.length === 0) break;
      if (program.jobs.size > 0 || !this.#pool.isOpen(program)) continue;
      const job = this.#suspects.shift();
      if (job !== undefined) this.#give(program, job);
    }
    const { slots } = this.#pool;
    if (slots !== this.#slots) {
      this.#slots = slots;
      this.#port?.resized?.();
    }
    this.#port?.room(false);
  }

  #answered(_program: JsonProgram, outcomes: readonly ProgramOutcome[]): void {
    let left = outcomes.length;
    for (const { job, answer } of outcomes) {
      left -= 1;
      const outcome = answer.kind === "result" ? this.#success(job, answer.result) : failure(answer.error);
      this.#finish(job, outcome, left > 0);
    }
    this.#roomCameFree();
  }

  #success({ index }: ProgramJob, result: unknown): ExecutionOutcome {
    try {
      return success(wrappedResult(index, result, this.#options.isWrapped));
    } catch (error) {
      return failure(error);
    }
  }

  #lost(program: JsonProgram, loss: ProgramLoss): void {
    const jobs = [...program.jobs.values()];
    program.jobs.clear();
    const [first] = jobs;
    // It may have ended by itself between two items, before it had read this one.
    const mayBeUnread = loss.isClean && program.answered > 0 && first?.isSuspect === false;
    const isSure = jobs.length === 1 && !mayBeUnread;
    const { isClean: _isClean, error: _error, ...facts } = loss;
    for (const job of jobs) {
      this.#placed.delete(job.execution);
      if (job.isUnwanted) this.#finish(job, failure(abortReason()), false);
      else if (isSure)
        this.#finish(job, programFailed(facts, job.execution, this.#options.taskType.name), false);
      else this.#suspects.push(Object.assign(job, { isSuspect: true }));
    }
    this.#roomCameFree();
  }

  /** Ends items whose time is over, and their program. Its other items go to another program; nothing is known against them. */
  #giveUp(program: JsonProgram, late: ReadonlySet<ProgramJob>): void {
    const jobs = [...program.jobs.values()];
    program.jobs.clear();
    this.#port?.note("a program is killed", { timeout: this.#timeoutMs });
    for (const job of jobs) {
      this.#placed.delete(job.execution);
      if (late.has(job))
        this.#finish(job, timedOut(job.execution, this.#options.taskType.name, this.#timeoutMs), false);
      else if (job.isUnwanted) this.#finish(job, failure(abortReason()), false);
      else this.#suspects.push({ ...job, timer: new ExecutionTimer() });
    }
    this.#pool.replace(program);
  }

  #finish(job: ProgramJob, outcome: ExecutionOutcome, more: boolean): void {
    this.#placed.delete(job.execution);
    this.#port?.finished(job.execution, outcome, performance.now() - job.givenAt, more);
    if (this.#placed.size === 0) this.#idle?.();
  }
}

function hasSuspect({ jobs }: JsonProgram): boolean {
  const [first] = jobs.values();
  return first?.isSuspect === true;
}
