import type { Execution, ExecutionOutcome } from "../../core/execution.ts";
import { PipelineError } from "../../errors.ts";
import { decodeValue, type Payload } from "../../protocol/payload/payload.ts";
import type { TaskType } from "../../protocol/task-type.ts";
import { ExecutionInfo } from "../execution-info.ts";
import { abortReason, failure, givenUp, success } from "../execution-outcome.ts";
import { ExecutionTimer } from "../execution-timer.ts";
import type { Executor, ExecutorPort } from "../executor.ts";
import { settlesWithin } from "../settles-within.ts";
import { tracedExecution } from "../traced-handler.ts";
import type { JsonProgram, ProgramLoss, ProgramOutcome } from "./json-program.ts";
import { programFailed, programTimedOut } from "./program-error.ts";
import { type ProgramJob, type ProgramRun, programJob } from "./program-job.ts";
import { ProgramPool, type ProgramPoolOptions } from "./program-pool.ts";
import { unwrapped, wrappedResult } from "./wrapped-input.ts";

export interface CommandExecutorOptions extends Omit<ProgramPoolOptions, "taskType"> {
  readonly taskType: TaskType;
  /** Whether items are inputs of `map()`, each in an object with its index. */
  readonly isWrapped: boolean;
  /** Whether it executes items of runs, or requests of clients: the kind of the span that a tracer gets for each. */
  readonly spans: "item" | "reply";
  /** How long programs may take to end by themselves. */
  readonly closeTimeoutMs: number;
  /**
   * After which time in ms a program that has an item and has written nothing is told to the user.
   * @default 10000
   */
  readonly silentMs?: number;
}

/** Longer than most programs take to load. */
const SILENT_MS = 10_000;

/**
 * Executes items in programs that get a line of JSON for each item and answer with another. A program that fails while it has one item fails
 * that item. If it has several, each of them is executed again alone, so that only the one at fault fails; requests are given back to the service for that.
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
  #metadata: Payload = {};
  #context = "";
  #slots: number;
  #idle: (() => void) | undefined;
  /** Whether a program has answered, or the user was told that none does. */
  #isHeard = false;

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

  async begin(metadata: Payload, timeoutMs: number, context: string): Promise<void> {
    this.#timeoutMs = timeoutMs;
    this.#metadata = metadata;
    this.#context = context;
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
    this.#dropSuspects((job) => job.execution === execution);
    const placed = this.#placed.get(execution);
    if (placed !== undefined) placed.program.cancel(placed.job, "unwanted");
    return placed !== undefined;
  }

  takeBack(): readonly [] {
    return [];
  }

  tick(now: number): void {
    for (const program of [...this.#pool]) {
      this.#watchSilence(program, this.#options.silentMs ?? SILENT_MS);
      if (this.#pool.isLoading(program, now)) continue;
      const late = new Set<ProgramJob>();
      for (const job of program.jobs.values()) {
        const due = job.timer.check(now, this.#timeoutMs);
        if (due === "abort") program.cancel(job, "timeout");
        else if (due === "give up") late.add(job);
      }
      if (late.size > 0) this.#giveUp(program, late);
    }
  }

  /** The usual mistake: the program has answered, and the answer is in its buffer. */
  #watchSilence(program: JsonProgram, silentMs: number): void {
    const [first] = program.jobs.values();
    if (this.#isHeard || program.hasWritten || first === undefined) return;
    const seconds = (performance.now() - first.givenAt) / 1000;
    if (seconds * 1000 < silentMs) return;
    this.#isHeard = true;
    this.#port?.hint(silentText(this.#options.args[0] ?? "", seconds));
  }

  async close(graceMs: number): Promise<readonly PipelineError[]> {
    this.#dropSuspects(() => true);
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
    const { taskType, isWrapped, spans } = this.#options;
    const info = new ExecutionInfo(execution, taskType);
    const input = unwrapped(decodeValue(execution.payload), isWrapped);
    return programJob(execution, info, input, () => tracedExecution(spans, info, this.#context));
  }

  #dropSuspects(isDropped: (job: ProgramJob) => boolean): void {
    for (const job of this.#suspects) if (isDropped(job)) job.traced(failure(abortReason()));
    this.#suspects = this.#suspects.filter((job) => !isDropped(job));
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
    const runId = this.#options.spans === "item" ? job.execution.sourceId : "";
    program.give(job, program.runId === runId ? undefined : this.#runOf(runId));
    program.runId = runId;
  }

  #runOf(id: string): ProgramRun {
    const limit = this.#timeoutMs === 0 ? {} : { timeout: this.#timeoutMs };
    return this.#options.spans === "item" ? { id, metadata: this.#metadata, ...limit } : limit;
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

  #answered(program: JsonProgram, outcomes: readonly ProgramOutcome[]): void {
    this.#isHeard = true;
    let left = outcomes.length;
    for (const { job, answer } of outcomes) {
      left -= 1;
      const outcome =
        answer.kind === "result"
          ? this.#success(job, answer.result)
          : this.#failure(job, answer.error, program);
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

  #failure({ execution, timer }: ProgramJob, error: unknown, program: JsonProgram): ExecutionOutcome {
    return timer.expired ? this.#timedOut(execution, program) : failure(error);
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
      if (job.cancelled === "unwanted") this.#finish(job, failure(abortReason()), false);
      else if (job.timer.expired) this.#finish(job, this.#timedOut(job.execution, program), false);
      else if (isSure)
        this.#finish(job, programFailed(facts, job.execution, this.#options.taskType.name), false);
      else this.#again(job, true);
    }
    this.#roomCameFree();
  }

  /** Ends items that are waited for no longer, and their program. Its other items go to another program; nothing is known against them. */
  #giveUp(program: JsonProgram, late: ReadonlySet<ProgramJob>): void {
    const jobs = [...program.jobs.values()];
    this.#watchSilence(program, 0);
    program.jobs.clear();
    this.#port?.note("a program is killed", { timeout: this.#timeoutMs });
    this.#pool.replace(program); // first: what follows may bring new items
    for (const job of jobs) {
      this.#placed.delete(job.execution);
      if (job.cancelled === "unwanted") this.#finish(job, failure(abortReason()), false);
      else if (late.has(job)) this.#finish(job, this.#timedOut(job.execution, program), false);
      else this.#again(job, job.isSuspect);
    }
    this.#roomCameFree();
  }

  #timedOut(execution: Execution, { log }: JsonProgram): ExecutionOutcome {
    return programTimedOut({ stderr: log }, execution, this.#options.taskType.name, this.#timeoutMs);
  }

  /** An item goes to another program. A request may be one that must not be executed twice: the service knows. */
  #again(job: ProgramJob, isSuspect: boolean): void {
    const { spans, taskType } = this.#options;
    if (spans === "item") {
      this.#suspects.push({ ...job, timer: new ExecutionTimer(), cancelled: undefined, isSuspect });
      return;
    }
    const text = "A program ended while it had the request; it may have run";
    this.#finish(job, givenUp("REQUEST_LOST", text, job.execution, taskType.name), false);
  }

  #finish(job: ProgramJob, outcome: ExecutionOutcome, more: boolean): void {
    this.#placed.delete(job.execution);
    job.traced(outcome);
    this.#port?.finished(job.execution, outcome, performance.now() - job.givenAt, more);
    if (this.#placed.size === 0) this.#idle?.();
  }
}

function hasSuspect({ jobs }: JsonProgram): boolean {
  const [first] = jobs.values();
  return first?.isSuspect === true;
}

function silentText(name: string, seconds: number): string {
  return `The program ${JSON.stringify(name)} has had an item for ${seconds.toFixed(1)} s and has written nothing to its standard output yet. If it has answered, its answer is in a buffer: write each line at once (flush=True in Python, fflush() in awk, jq --unbuffered, or stdbuf -oL in front of a program). If it loads, it should write {"ready":true} when it has loaded.`;
}
