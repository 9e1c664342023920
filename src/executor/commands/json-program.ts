import { MAX_PAYLOAD_BYTES } from "../../protocol/limits.ts";
import { type ReadyAnswer, readAnswer, wrong } from "./json-answer.ts";
import { LineBuffer } from "./line-buffer.ts";
import { endText, type ProgramFailure, withLastLine } from "./program-error.ts";
import { type CancelReason, cancelLine, itemLine, type ProgramJob, type ProgramRun } from "./program-job.ts";
import { type ProgramEnd, ProgramProcess } from "./program-process.ts";

const LINE_END = Buffer.from("\n");

/** How much of lines that are no answers a program may write between two answers, in bytes: they cost time, and say nothing new. */
const MAX_IDLE_BYTES = 1 << 20;

/** What a program answered for a job. */
export interface ProgramOutcome {
  readonly job: ProgramJob;
  readonly answer:
    | { readonly kind: "result"; readonly result: unknown }
    | { readonly kind: "error"; readonly error: unknown };
}

/** How the life of a program ended. */
export interface ProgramLoss extends ProgramFailure {
  /** The system could not start it. */
  readonly error?: NodeJS.ErrnoException;
  /** It ended by itself and said that all was well. */
  readonly isClean: boolean;
}

export interface JsonProgramEvents {
  /** The program said that it takes items now. */
  ready(): void;
  answered(outcomes: readonly ProgramOutcome[]): void;
  /** The program has ended, or is being killed because it did something wrong. It still lists its jobs. Called once. */
  lost(loss: ProgramLoss): void;
}

/** One life of a program that gets items and gives results as lines of JSON. */
export class JsonProgram {
  readonly jobs = new Map<string, ProgramJob>();
  readonly #process: ProgramProcess;
  readonly #events: JsonProgramEvents;
  readonly #lines = new LineBuffer(MAX_PAYLOAD_BYTES);
  /** Most items that it takes at a time. */
  concurrency = 1;
  /** Whether it said that it is ready. */
  isReady = false;
  /** Whether it said that it wants to hear when an item may end early. */
  #takesCancel = false;
  /** The run that it has heard of. */
  runId: string | undefined;
  /** How many items it has answered. */
  answered = 0;
  /** Whether it has written anything to its standard output. */
  hasWritten = false;
  /** When a tick first saw the program, in ms. */
  seenAt: number | undefined;
  /** Bytes of the ready lines and empty lines since its last answer. */
  #idleBytes = 0;
  #isLost = false;
  #isEnding = false;
  #end: ProgramEnd | undefined;

  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    events: JsonProgramEvents,
  ) {
    this.#events = events;
    this.#process = new ProgramProcess(args, environment, {
      output: (chunk) => this.#read(chunk),
      ended: (end) => this.#ended(end),
      closed: (stream) => this.#fault(`The program closed its standard ${stream}`),
    });
  }

  /** Resolves when the program has ended. */
  get ended(): Promise<void> {
    return this.#process.ended;
  }

  /** The last lines that it wrote to its standard error. */
  get log(): string {
    return this.#process.log.toString();
  }

  /** Why the program's end is none to be content with; nothing where it is. */
  get problem(): string | undefined {
    if (this.#end === undefined) return "it did not end when its standard input did";
    const { exitCode, error } = this.#end;
    return exitCode === 0 || error !== undefined ? undefined : withLastLine(endText(this.#end), this.log);
  }

  /** @param run - What the program is told about the run, where it has not heard of it. */
  give(job: ProgramJob, run: ProgramRun | undefined): void {
    job.givenAt = performance.now();
    this.jobs.set(job.id, job);
    this.#process.write(itemLine(job, run));
  }

  /** The program may end an item early. It is told so if it wants to know; then it has to answer within a few seconds. */
  cancel(job: ProgramJob, reason: CancelReason): void {
    if (job.cancelled === reason) return;
    job.cancelled = reason;
    if (this.#takesCancel) this.#tell(job);
  }

  /** Ends the program's input, so that the program ends by itself. Its end is no loss. */
  finish(): void {
    this.#isEnding = true;
    this.#process.endInput();
  }

  /** Ends the program at once. */
  kill(): void {
    this.#isEnding = true;
    this.#process.kill("SIGKILL");
  }

  #tell(job: ProgramJob): void {
    if (job.cancelled === "unwanted") job.timer.abandon();
    this.#process.write(cancelLine(job));
  }

  #read(chunk: Buffer): void {
    this.hasWritten = true;
    if (this.#isLost) return;
    const outcomes: ProgramOutcome[] = [];
    let reason: string | undefined;
    for (const line of this.#lines.push(chunk)) {
      reason = this.#take(line, outcomes);
      if (reason !== undefined) break;
    }
    if (outcomes.length > 0) this.#events.answered(outcomes);
    if (reason === undefined && this.#lines.isOverLimit)
      reason = `The program wrote a line of more than ${MAX_PAYLOAD_BYTES} bytes to its standard output`;
    if (reason !== undefined) this.#fault(reason);
  }

  /** @returns What is wrong with the line. */
  #take(line: Buffer, outcomes: ProgramOutcome[]): string | undefined {
    const answer = readAnswer(line);
    if (answer.kind === "wrong") return answer.reason;
    if (answer.kind === "ready") this.#tookReady(answer);
    if (answer.kind === "ready" || answer.kind === "empty") {
      this.#idleBytes += line.length + 1;
      return this.#idleBytes <= MAX_IDLE_BYTES
        ? undefined
        : `The program wrote ${MAX_IDLE_BYTES} bytes without an answer to its standard output, in ready lines and empty lines`;
    }
    const job = this.jobs.get(answer.id);
    if (job === undefined)
      return wrong("the id of an item that it does not have", line.toString("utf8")).reason;
    this.jobs.delete(answer.id);
    this.answered += 1;
    this.#idleBytes = 0;
    outcomes.push({ job, answer });
    return undefined;
  }

  #tookReady({ concurrency, takesCancel }: ReadyAnswer): void {
    const isNew = !this.isReady || concurrency !== this.concurrency;
    this.concurrency = concurrency;
    this.isReady = true;
    if (takesCancel && !this.#takesCancel) {
      this.#takesCancel = true;
      for (const job of this.jobs.values()) if (job.cancelled !== undefined) this.#tell(job);
    }
    if (isNew) this.#events.ready();
  }

  #fault(message: string): void {
    if (this.#isEnding && this.jobs.size === 0) return; // nothing that it does now concerns an item
    this.#lose({ message, isClean: false });
    this.#process.kill("SIGKILL");
  }

  #ended(end: ProgramEnd): void {
    this.#end = end;
    if (!this.#isLost) this.#read(LINE_END);
    const { exitCode, signal, error } = end;
    const message = withLastLine(`The program ended with ${endText(end)}`, this.log);
    this.#lose({
      message,
      exitCode,
      signal,
      isClean: exitCode === 0,
      ...(error === undefined ? {} : { error }),
    });
  }

  #lose(loss: Omit<ProgramLoss, "stderr">): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#events.lost({ ...loss, stderr: this.log });
  }
}
