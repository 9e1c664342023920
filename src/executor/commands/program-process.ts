import { type ChildProcess, spawn } from "node:child_process";
import { asError } from "../../protocol/thrown.ts";
import { visibleBlock, withoutColours } from "../../structures/visible-text.ts";
import { LineSplitter } from "../line-splitter.ts";
import { PrintedTail } from "../printed-tail.ts";
import { settlesWithin } from "../settles-within.ts";
import { programGuard } from "./program-guard.ts";

/** How long the last output of a program that has ended is waited for, in ms: a process that it started may keep the pipe open. */
const LAST_OUTPUT_MS = 500;

/** Programs that run. They end with this process. */
const running = new Set<ProgramProcess>();

/** How a program ended. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  readonly error?: NodeJS.ErrnoException;
}

export interface ProgramEvents {
  /** The program wrote to its standard output. */
  output(chunk: Buffer): void;
  /** The program has ended, and its output was read. Called once, never from within the constructor. */
  ended(end: ProgramEnd): void;
  /** The program closed one of its streams while it runs. */
  closed?(stream: "input" | "output"): void;
}

/** A program in a process group of its own: it is killed together with the processes that it started. What it writes to its standard error is this process's log. */
export class ProgramProcess {
  /** The last lines that it wrote to its standard error. */
  readonly log = new PrintedTail();
  readonly #child: ChildProcess | undefined;
  readonly #events: ProgramEvents;
  readonly #lines = new LineSplitter();
  #isRunning = false;
  #isCorked = false;
  #onEnded: () => void = () => {};
  /** Resolves when the program has ended. */
  readonly ended = new Promise<void>((resolve) => {
    this.#onEnded = resolve;
  });

  /** @param args - The program, and its arguments. @param environment - Variables beside those of this process. */
  constructor(args: readonly string[], environment: Readonly<Record<string, string>>, events: ProgramEvents) {
    this.#events = events;
    const [file = "", ...rest] = args;
    try {
      this.#child = spawn(file, rest, {
        stdio: ["pipe", "pipe", "pipe"],
        env: { ...process.env, ...environment },
        detached: process.platform !== "win32",
        windowsHide: true,
      });
    } catch (error) {
      queueMicrotask(() => this.#unstarted(error));
      return;
    }
    const child = this.#child;
    child.once("error", (error) => {
      if (child.pid === undefined) this.#unstarted(error);
    });
    if (child.pid === undefined) return;
    this.#isRunning = true;
    register(this);
    programGuard.began(child.pid);
    // A program that has ended, or does not read: "exit" follows, or `closed` says it.
    child.stdin?.on("error", () => this.#closed("input"));
    child.stdout?.on("data", (chunk: Buffer) => events.output(chunk));
    child.stdout?.once("end", () => this.#closed("output"));
    child.stderr?.on("data", (chunk: Buffer) => this.#logged(this.#lines.push(chunk)));
    child.once("exit", (exitCode, signal) => void this.#exited({ exitCode, signal }));
  }

  /** Writes to the program's standard input. What is written in one turn goes out together. */
  write(text: string): void {
    const input = this.#child?.stdin;
    if (!input?.writable) return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      input.cork();
      setImmediate(() => {
        this.#isCorked = false;
        input.uncork();
      });
    }
    input.write(text);
  }

  /** Ends the program's standard input. */
  endInput(): void {
    this.#child?.stdin?.end();
  }

  /** @param signal - SIGTERM asks the program to end, SIGKILL ends it. The processes that it started get it, too. */
  kill(signal: "SIGTERM" | "SIGKILL"): void {
    const pid = this.#child?.pid;
    if (!this.#isRunning || pid === undefined) return;
    if (process.platform === "win32") {
      this.#child?.kill(signal);
      return;
    }
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // It has ended meanwhile, or belongs to another user since (sudo): "exit" follows, or the caller's next step.
      if ((error as NodeJS.ErrnoException).code === "EPERM") this.#child?.kill(signal);
    }
  }

  #closed(stream: "input" | "output"): void {
    // A program that ends closes its streams as well, a moment before "exit".
    setTimeout(() => {
      if (this.#isRunning) this.#events.closed?.(stream);
    }, LAST_OUTPUT_MS).unref();
  }

  #logged(lines: readonly string[]): void {
    for (const line of lines) {
      this.log.add(line);
      process.stderr.write(`${visibleBlock(withoutColours(line))}\n`);
    }
  }

  #unstarted(thrown: unknown): void {
    this.#events.ended({ exitCode: null, signal: null, error: asError(thrown) });
    this.#onEnded();
  }

  async #exited(end: ProgramEnd): Promise<void> {
    this.#isRunning = false;
    running.delete(this);
    if (this.#child?.pid !== undefined) programGuard.ended(this.#child.pid);
    const { stdout, stderr } = this.#child ?? {};
    const read = [stdout, stderr].map(
      (stream) =>
        new Promise<void>((resolve) =>
          stream?.closed === false ? stream.once("close", resolve) : resolve(),
        ),
    );
    await settlesWithin(Promise.all(read), LAST_OUTPUT_MS);
    for (const stream of [stdout, stderr]) stream?.destroy();
    this.#logged(this.#lines.end());
    this.#events.ended(end);
    this.#onEnded();
  }
}

let isRegistered = false;

/** Lets programs end with this process, however it ends itself. */
function register(program: ProgramProcess): void {
  running.add(program);
  if (isRegistered) return;
  isRegistered = true;
  process.once("exit", () => {
    for (const each of running) each.kill("SIGKILL");
  });
}
