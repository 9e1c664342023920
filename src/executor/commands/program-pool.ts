import { PipelineError } from "../../errors.ts";
import { settlesWithin } from "../settles-within.ts";
import { JsonProgram, type ProgramLoss, type ProgramOutcome } from "./json-program.ts";
import { isShortage, unstartable } from "./program-error.ts";

/** Wait before a program is started again that ended without an answer, in ms. It doubles each time. */
const RESTART_MS = 50;
const MAX_RESTART_MS = 5000;

/** Programs of a kind that has never answered may fail with items this many times as often: the items may be at fault. */
const BENEFIT_OF_DOUBT = 4;

/** How many starts in a row the system may refuse: about 13 s. */
const SHORTAGE_LIMIT = 9;

/**
 * A program that has said nothing for this time, in ms, does not say when it is ready. Before that, the time of its items does not run: it may
 * be loading.
 */
const LOADING_MS = 60_000;

/** How long a killed program may take to end, in ms: the system may hold it. */
const KILLED_MS = 2000;

/** Lets programs in Python write their lines at once, also where they do not flush. */
const UNBUFFERED = { PYTHONUNBUFFERED: process.env.PYTHONUNBUFFERED ?? "1" };

export interface ProgramPoolOptions {
  /** The program and its arguments. */
  readonly args: readonly string[];
  /** How many programs there are. */
  readonly count: number;
  /** How often in a row a program may end without having answered. */
  readonly restarts: number;
  readonly taskType: string;
}

export interface ProgramPoolEvents {
  /** A program takes items that took none, or more of them. */
  room(): void;
  answered(program: JsonProgram, outcomes: readonly ProgramOutcome[]): void;
  /** A program has ended, and is started again; it still lists its jobs. */
  lost(program: JsonProgram, loss: ProgramLoss): void;
  failed(error: PipelineError): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

/** A fixed number of programs. Each is started again when it ends. */
export class ProgramPool {
  readonly #options: ProgramPoolOptions;
  readonly #events: ProgramPoolEvents;
  readonly #programs = new Map<number, JsonProgram>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Killed programs that may not have ended. */
  readonly #leaving = new Set<JsonProgram>();
  /** Whether programs of this kind say when they are ready; `undefined`: not known yet. */
  #saysReady: boolean | undefined;
  #hasAnswered = false;
  /** By index: ends in a row without an answer. */
  readonly #barren = new Map<number, number>();
  #isClosing = false;

  constructor(options: ProgramPoolOptions, events: ProgramPoolEvents) {
    this.#options = options;
    this.#events = events;
  }

  open(): void {
    for (let index = 0; index < this.#options.count; index += 1) this.#start(index);
  }

  [Symbol.iterator](): Iterator<JsonProgram> {
    return this.#programs.values();
  }

  /** How many items all programs take at a time. */
  get slots(): number {
    let slots = this.#timers.size;
    for (const { concurrency } of this.#programs.values()) slots += concurrency;
    return Math.max(slots, 1);
  }

  /** Whether a program gets items. One that is known to say when it is ready gets none before that. */
  isOpen(program: JsonProgram): boolean {
    return program.isReady || this.#saysReady !== true;
  }

  /**
   * Whether a program may still be loading.
   *
   * @param now - The role's time in ms.
   */
  isLoading(program: JsonProgram, now: number): boolean {
    program.seenAt ??= now;
    if (program.isReady || program.answered > 0 || this.#saysReady === false) return false;
    if (now - program.seenAt < LOADING_MS) return true;
    if (this.#saysReady === undefined) this.#saysReady = false;
    return this.#saysReady === true;
  }

  /** Ends a program at once, and starts another in its place. */
  replace(program: JsonProgram): void {
    this.#leave(program);
    program.kill();
    for (const [index, each] of this.#programs) if (each === program) this.#start(index);
  }

  /** Ends all programs: their input ends, and what has not ended by itself after `timeoutMs` is killed. @returns What went wrong. */
  async close(timeoutMs: number): Promise<string[]> {
    this.#isClosing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const programs = [...this.#programs.values()];
    for (const program of programs) {
      if (program.jobs.size > 0) program.kill();
      else program.finish();
    }
    const all = Promise.all([...programs, ...this.#leaving].map(({ ended }) => ended));
    const idle = programs.filter(({ jobs }) => jobs.size === 0);
    if (await settlesWithin(all, timeoutMs)) return problemsOf(idle);
    const problems = problemsOf(idle);
    for (const program of [...programs, ...this.#leaving]) program.kill();
    await settlesWithin(all, KILLED_MS);
    return problems;
  }

  #start(index: number): void {
    const program: JsonProgram = new JsonProgram(
      this.#options.args,
      { ZMQPIPELINE_PROGRAM: String(index), ...UNBUFFERED },
      {
        ready: () => {
          this.#saysReady = true;
          this.#events.room();
        },
        answered: (outcomes) => {
          this.#hasAnswered = true;
          if (!program.isReady) this.#saysReady ??= false;
          this.#barren.delete(index);
          this.#events.answered(program, outcomes);
        },
        lost: (loss) => this.#lost(index, program, loss),
      },
    );
    this.#programs.set(index, program);
    this.#events.room();
  }

  #leave(program: JsonProgram): void {
    this.#leaving.add(program);
    void program.ended.then(() => this.#leaving.delete(program));
  }

  #lost(index: number, program: JsonProgram, loss: ProgramLoss): void {
    if (this.#programs.get(index) !== program) return; // it was replaced
    this.#leave(program);
    this.#programs.delete(index);
    const hadItem = program.jobs.size > 0;
    if (this.#isClosing) return this.#events.lost(program, loss);
    const { args, taskType } = this.#options;
    const [name = ""] = args;
    const { message, error } = loss;
    if (error !== undefined && !isShortage(error)) {
      this.#events.failed(unstartable(name, error.message, taskType));
      return;
    }
    this.#events.note("a program ended and is started again", { program: name, index, reason: message });
    this.#events.lost(program, loss);
    const barren = program.answered > 0 ? 0 : (this.#barren.get(index) ?? 0) + 1;
    this.#barren.set(index, barren);
    const isOver =
      barren > this.#limitOf(error !== undefined, hadItem) || (this.#options.restarts === 0 && !loss.isClean);
    if (isOver) return this.#abandon(index, barren, error?.message ?? message);
    if (barren === 0) return this.#start(index);
    const waitMs = Math.min(RESTART_MS * 2 ** (barren - 1), MAX_RESTART_MS);
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#start(index);
      },
      hadItem ? RESTART_MS : waitMs,
    );
    this.#timers.add(timer);
  }

  /** A program is not started again. The others go on, if there are any. */
  #abandon(index: number, barren: number, reason: string): void {
    const { args, taskType } = this.#options;
    const [name = ""] = args;
    this.#events.note("a program is given up", { program: name, index, reason });
    if (this.#programs.size > 0 || this.#timers.size > 0) return;
    const often = barren > 1 ? ` ${barren} times in a row without an answer` : "";
    const text = `The program ${JSON.stringify(name)} failed${often}. ${reason}`;
    this.#events.failed(new PipelineError("INIT_FAILED", text, { role: "worker", taskType }));
  }

  /** How often in a row a program may end without an answer. Where programs of its kind can answer, items are to blame. */
  #limitOf(isShort: boolean, hadItem: boolean): number {
    const { restarts } = this.#options;
    if (isShort) return SHORTAGE_LIMIT;
    if (!hadItem) return restarts;
    return this.#hasAnswered ? Number.POSITIVE_INFINITY : restarts * BENEFIT_OF_DOUBT;
  }
}

function problemsOf(programs: readonly JsonProgram[]): string[] {
  return programs.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
}
