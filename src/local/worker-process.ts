import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { settlesWithin } from "../executor/settles-within.ts";
import { asError } from "../protocol/thrown.ts";
import { OutputReader } from "./output-reader.ts";
import { PrintedTail } from "./printed-tail.ts";
import { needsTsx, tsxArguments } from "./tsx.ts";
import { type FromWorkerProcess, fromProcessError, type WorkerStart } from "./worker-messages.ts";

const ENTRY = new URL("./worker-entry.js", import.meta.url);

/** Longest wait for what a process said last, in ms, once it has ended. */
const LAST_WORDS_MS = 500;

/** How a worker's process ended. */
export interface WorkerEnd {
  /** It worked to the end of the run. */
  readonly isDone: boolean;
  /** Another one would end the same: its module or its initialisation is at fault. */
  readonly isUsable: boolean;
  /** It has begun to execute an item. */
  readonly hadItem: boolean;
  /** The system did not let it start: it had no descriptors, processes or memory left. */
  readonly isUnstarted: boolean;
  /** How long it lived after its module was loaded, in ms. */
  readonly livedMs: number;
  /** In words: an exit code, a signal, or what it said. */
  readonly reason: string;
  /** What it wrote to stderr last, a few lines at the most. */
  readonly printed: string;
  readonly error: Error | undefined;
}

export interface WorkerProcessEvents {
  /** Where a promise is returned, the next line of the stream waits for it. Must not throw. */
  output(stream: "stdout" | "stderr", line: string): unknown;
  /** It has loaded its module. */
  started(): void;
  /** It has executed an item to its end. */
  worked(): void;
  /** What its `closeWorker()` or `closeThread()` threw. */
  closeFailed(error: Error): void;
  /** Once, after its output was read. */
  ended(end: WorkerEnd): void;
}

/** One worker in a process of its own. */
export class WorkerProcess {
  readonly #child: ChildProcess | undefined;
  readonly #events: WorkerProcessEvents;
  readonly #readers: OutputReader[] = [];
  readonly #printed = new PrintedTail();
  #startedAt: number | undefined;
  #closeTimeout: number | undefined;
  #hadItem = false;
  #isUsable = true;
  #isDone = false;
  #hasEnded = false;
  #error: Error | undefined;

  constructor(start: WorkerStart, events: WorkerProcessEvents) {
    this.#events = events;
    try {
      this.#child = fork(ENTRY, [], {
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        execArgv: execArguments(start.module),
      });
    } catch (error) {
      // Later, as where it is told by an event: whoever makes this process does not have it yet.
      queueMicrotask(() => this.#unstarted(error));
      return;
    }
    const child = this.#child;
    child.once("error", (error) => {
      if (child.pid === undefined) this.#unstarted(error); // otherwise a message could not be sent: it has an end
    });
    // Without descriptors it has neither streams nor a channel.
    if (child.pid === undefined) return;
    for (const stream of ["stdout", "stderr"] as const) {
      const readable = child[stream];
      if (readable === null) continue;
      this.#readers.push(new OutputReader(readable, (line) => this.#read(stream, line)));
    }
    child.on("message", (message: FromWorkerProcess) => this.#heard(message));
    // Not "close": a process that this one has started may have its pipes, and keep them.
    child.once("exit", (code, signal) => void this.#exited(child, code, signal));
    child.send(start, () => {}); // that it is gone is told by its end
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** It has not loaded its module yet. */
  get isLoading(): boolean {
    return this.#startedAt === undefined && !this.#hasEnded;
  }

  /** How long its hooks at the end may take, in ms, once it has nothing else to do; nothing while it works. */
  get closeTimeout(): number | undefined {
    return this.#closeTimeout;
  }

  /** Lets it finish what it executes, for so many ms. */
  stop(timeout: number): void {
    if (this.#child?.connected) this.#child.send({ type: "stop", timeout }, () => {});
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  #read(stream: "stdout" | "stderr", line: string): unknown {
    if (stream === "stderr") this.#printed.add(line);
    return this.#events.output(stream, line);
  }

  #heard(message: FromWorkerProcess): void {
    if (message.type === "started") {
      this.#startedAt = performance.now();
      this.#events.started();
    } else if (message.type === "busy") {
      this.#hadItem = true;
    } else if (message.type === "worked") {
      this.#events.worked();
    } else if (message.type === "closing") {
      this.#closeTimeout = message.timeout;
    } else if (message.type === "done") {
      this.#isDone = true;
      for (const error of message.closeErrors) this.#events.closeFailed(fromProcessError(error));
    } else {
      this.#isUsable = message.type !== "unusable";
      this.#error = fromProcessError(message.error);
    }
  }

  #unstarted(error: unknown): void {
    this.#error = asError(error);
    this.#end(`it cannot be started: ${this.#error.message}`, true);
  }

  async #exited(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    const heard = child.channel == null ? Promise.resolve() : once(child, "disconnect");
    await Promise.all([
      settlesWithin(heard, LAST_WORDS_MS),
      ...this.#readers.map(async (reader) => await reader.drain()),
    ]);
    this.#end(signal === null ? `exit code ${code}` : `signal ${signal}`, false);
  }

  #end(exit: string, isUnstarted: boolean): void {
    this.#hasEnded = true;
    this.#events.ended({
      isDone: this.#isDone,
      isUsable: this.#isUsable,
      isUnstarted,
      hadItem: this.#hadItem,
      livedMs: this.#startedAt === undefined ? 0 : performance.now() - this.#startedAt,
      reason: isUnstarted ? exit : (this.#error?.message ?? exit),
      printed: this.#printed.toString(),
      error: this.#error,
    });
  }
}

/** Ours, but for those that are this process's alone; and TypeScript where the module needs it. */
function execArguments(module: string): string[] {
  const own = process.execArgv.filter(
    (argument) => !/^--(inspect|cpu-prof|heap-prof|prof|watch|test)\b/.test(argument),
  );
  const isLoaded = own.some((argument) => argument.includes("tsx"));
  return isLoaded || !needsTsx(module) ? own : [...own, ...tsxArguments(module)];
}
