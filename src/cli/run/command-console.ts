import type { RunProgress } from "../../distributor/run-summary.ts";
import { describeThrown } from "../../protocol/thrown.ts";
import type { Paint } from "../../terminal/colours.ts";
import type { ProgressView } from "../../terminal/progress-view.ts";
import { onInterrupt } from "../interrupts.ts";
import { logTo } from "../log-to.ts";
import { type CommandContext, type Output, printJson } from "../output.ts";
import { isReaderGone } from "../standard-output.ts";
import type { FailureGroup } from "./failure-groups.ts";
import { PeerLines, type PeerLinesOptions } from "./peer-lines.ts";
import type { PrintOptions } from "./run-options.ts";
import { failuresLines } from "./summary.ts";
import type { SummaryContext } from "./summary-context.ts";

/** How long after the first signal the user is told what the end waits for, in ms. */
const NOTICE_MS = 1000;

/**
 * Runs an action with a console: warnings of all roles are written as lines, and signals are heard from `drainOnInterrupt()` on.
 *
 * @param action - Returns the exit code; a signal's code takes its place.
 */
export async function withConsole(
  context: CommandContext,
  action: (console: CommandConsole) => Promise<number>,
): Promise<number> {
  const console = new CommandConsole(context);
  const { err, lost } = context.output;
  const endLog = await logTo((text) => {
    // The reader has left, which ends the work at once: workers that are lost in that are no news.
    if (!isReaderGone(lost.reason)) console.line(text);
  }, err.paint);
  try {
    const code = await action(console);
    return console.interruptCode ?? code;
  } finally {
    console.close();
    await endLog();
  }
}

/** How a command ends at a signal. */
interface Draining {
  /** How long running work may take to finish. */
  readonly timeoutMs: number;
  /** Called at the first signal: ends the work, and lets what is being executed finish for `timeoutMs`. */
  readonly drain: () => void;
  /** Says in lines what the end waits for. It is asked when the end is not there after a second. */
  readonly unfinished?: () => Promise<readonly string[]>;
  /** How the work can go on: told when a second signal ends it at once. */
  readonly advice?: string;
}

/** The terminal of a command that runs something: lines, progress, signals, and the outcome at the end. */
export class CommandConsole {
  readonly #context: CommandContext;
  readonly #output: Output;
  #view: ProgressView | undefined;
  #interrupt: ReturnType<typeof onInterrupt> | undefined;
  #noticeTimer: NodeJS.Timeout | undefined;
  /** Whether the outcome is there: nothing is waited for any more. */
  #isClosed = false;

  constructor(context: CommandContext) {
    this.#context = context;
    this.#output = context.output;
  }

  /** The exit code for the signal that has asked the command to end; `undefined` without one. */
  get interruptCode(): number | undefined {
    return this.#interrupt?.code;
  }

  /** Writes a line for the user, above the progress. Long ones are broken between words on a terminal. */
  line(text: string): void {
    if (this.#view !== undefined) this.#view.line(text);
    else this.#output.err.line(text);
  }

  /** Writes a line that somebody else has printed, such as a worker, above the progress. */
  printed(line: string): void {
    if (this.#view !== undefined) this.#view.printed(line);
    else this.#output.err.printed(line);
  }

  /** Ends the progress, and writes lines below it, for the user. */
  printBelow(lines: readonly string[]): void {
    this.#view?.end();
    this.#output.err.lines(lines);
  }

  /** Tells the user what has failed, below the progress: where no summary does. */
  printFailures(
    failures: readonly FailureGroup[],
    context: Pick<SummaryContext, "journal" | "allFailures">,
  ): void {
    const lines = failuresLines(failures, context, this.#output.err.paint);
    if (lines.length > 0) this.printBelow(lines);
  }

  /** Ends the progress, and leaves nothing of it on a terminal. */
  dropProgress(): void {
    this.#view?.drop();
    this.#view = undefined;
  }

  /** Shows the progress of a run until the outcome is printed. */
  showProgress(progress: () => RunProgress): void {
    this.#view = this.#output.err.progress(progress, [process.stdout, process.stderr, this.#output.screen]);
  }

  /** Says which peers a role waits for, and when they are there; not with `--quiet`. */
  showPeers({ quiet }: PrintOptions, options: Omit<PeerLinesOptions, "line">): PeerLines | undefined {
    if (quiet) return undefined;
    return new PeerLines({ ...options, line: (text) => this.line(text) });
  }

  /** Hears signals from now on. */
  drainOnInterrupt({ timeoutMs, drain, unfinished = async () => [], advice }: Draining): void {
    this.#interrupt = onInterrupt({
      line: (text) => this.line(text),
      lost: this.#output.lost,
      cutOffMs: timeoutMs,
      advice,
      drain: () => {
        drain();
        this.#noticeTimer = setTimeout(() => void this.#noticeUnfinished(unfinished), NOTICE_MS).unref();
      },
    });
  }

  async #noticeUnfinished(unfinished: () => Promise<readonly string[]>): Promise<void> {
    try {
      const lines = await unfinished();
      if (!this.#isClosed) for (const line of lines) this.line(line);
    } catch (error) {
      // The run may have ended while it was asked: then nothing is left to wait for.
      if (!this.#isClosed) this.line(`the run does not say what it waits for: ${describeThrown(error)}`);
    }
  }

  /** Prints the outcome: as JSON, in words, or, with `--quiet`, not at all. */
  printOutcome(
    { json, quiet }: PrintOptions,
    outcome: object,
    lines: (paint: Paint) => readonly string[],
  ): void {
    this.#isClosed = true;
    this.#view?.end();
    if (json) printJson(this.#context, outcome);
    else if (!quiet) this.#output.text.lines(lines(this.#output.text.paint));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#noticeTimer);
    this.#view?.end();
    this.#interrupt?.stop();
  }
}
