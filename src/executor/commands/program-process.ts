import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { asError } from "../../protocol/thrown.ts";
import { visibleBlock, withoutColours } from "../../structures/visible-text.ts";
import { ABORT_GRACE_MS } from "../execution-timer.ts";
import { LineSplitter } from "../line-splitter.ts";
import { PrintedTail } from "../printed-tail.ts";
import { settlesWithin } from "../settles-within.ts";
import { programGuard } from "./program-guard.ts";

/** How long the output of a program that has ended may be silent, in ms: a process that it started may keep the pipe open. */
const LAST_OUTPUT_MS = 500;

/** How often is looked whether the processes that a program started have ended, in ms. */
const GROUP_POLL_MS = 50;

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

/**
 * A program in a process group of its own: it is killed together with the processes that it started. These are ended as well when the program has
 * ended badly. What it writes to its standard error is this process's log.
 */
export class ProgramProcess {
  /** The last lines that it wrote to its standard error. */
  readonly log = new PrintedTail();
  readonly #child: ChildProcess | undefined;
  readonly #events: ProgramEvents;
  readonly #lines = new LineSplitter();
  #isRunning = false;
  /** Whether there may be processes in its group that have to end with it. */
  #hasGroup = false;
  #isSilent = false;
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
    programGuard.ready();
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
    this.#hasGroup = true;
    register(this);
    programGuard.began(child.pid);
    // A program that has ended, or does not read: "exit" follows, or `closed` says it.
    child.stdin?.on("error", () => this.#closed("input"));
    child.stdout?.on("data", (chunk: Buffer) => {
      this.#isSilent = false;
      events.output(chunk);
    });
    child.stdout?.once("end", () => this.#closed("output"));
    child.stderr?.on("data", (chunk: Buffer) => this.#logged(this.#lines.push(chunk)));
    child.once("exit", (exitCode, signal) => void this.#exited({ exitCode, signal }));
  }

  /** Writes to the program's standard input. What is written in one turn goes out together. */
  write(data: string | Uint8Array): void {
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
    input.write(data);
  }

  /** Ends the program's standard input. */
  endInput(): void {
    this.#child?.stdin?.end();
  }

  /**
   * Signals the program and the processes that it started. If the program has ended, what those still write is not read any more.
   *
   * @param signal - SIGTERM asks them to end, SIGKILL ends them.
   */
  kill(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.#hasGroup) this.#signal(signal);
    if (!this.#isRunning) this.#closeOutput();
  }

  /** @returns Whether there is a process that can get the signal. */
  #signal(signal: "SIGTERM" | "SIGKILL" | 0): boolean {
    const child = this.#child;
    if (child?.pid === undefined) return false;
    if (process.platform === "win32") return child.kill(signal);
    try {
      return process.kill(-child.pid, signal);
    } catch (error) {
      // It has ended meanwhile, or belongs to another user since (sudo): "exit" follows, or the caller's next step.
      return (error as NodeJS.ErrnoException).code === "EPERM" && child.kill(signal);
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
    // Processes that it started: their group's number is not given to another one while they are there.
    this.#hasGroup = end.exitCode !== 0 && this.#signal("SIGTERM");
    const killsAt = performance.now() + ABORT_GRACE_MS;
    if (!this.#hasGroup) this.#forget();
    await this.#lastOutput();
    this.#logged(this.#lines.end());
    this.#events.ended(end);
    while (this.#hasGroup && performance.now() < killsAt) {
      await delay(GROUP_POLL_MS);
      this.#hasGroup = this.#signal(0);
    }
    if (this.#hasGroup) this.#signal("SIGKILL");
    this.#forget();
    this.#onEnded();
  }

  #forget(): void {
    this.#hasGroup = false;
    if (running.delete(this) && this.#child?.pid !== undefined) programGuard.ended(this.#child.pid);
  }

  /** Waits for the end of its output, or for silence. */
  async #lastOutput(): Promise<void> {
    const { stdout, stderr } = this.#child ?? {};
    const read = [stdout, stderr].map(
      (stream) =>
        new Promise<void>((resolve) =>
          stream?.closed === false ? stream.once("close", resolve) : resolve(),
        ),
    );
    do {
      this.#isSilent = true;
      if (await settlesWithin(Promise.all(read), LAST_OUTPUT_MS)) return;
      // What came while this process was blocked or suspended has not been read yet.
      await new Promise((resolve) => setImmediate(resolve));
    } while (!this.#isSilent);
    this.#closeOutput();
  }

  #closeOutput(): void {
    for (const stream of [this.#child?.stdout, this.#child?.stderr]) stream?.destroy();
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
