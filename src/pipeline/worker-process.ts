import { type ChildProcess, fork } from "node:child_process";
import type { Duplex } from "node:stream";
import { PrintedTail } from "../executor/printed-tail.ts";
import { settlesWithin } from "../executor/settles-within.ts";
import { asError } from "../protocol/thrown.ts";
import type { PeerState } from "../role/peer-state.ts";
import { ownFile } from "../self/own-file.ts";
import { isTsxAmong } from "../self/tsx-options.ts";
import { holdParentPipe, PARENT_FD, PARENT_PIPE } from "../watching/parent-pipe.ts";
import { CONTROL_FD, ControlChannel } from "./control-channel.ts";
import { optionsForWorkers } from "./node-options.ts";
import { OutputReader } from "./output-reader.ts";
import {
  type FromWorkerProcess,
  fromProcessError,
  type NumberedStart,
  type ToWorkerProcess,
  type WorkerCounts,
} from "./process-messages.ts";
import { needsTsx, tsxArguments } from "./tsx.ts";
import { environmentOfWorker } from "./worker-environment.ts";

/** Longest wait for the last messages of a process, in ms, after it has ended. */
const LAST_WORDS_MS = 500;

/** How a worker's process ended. */
export interface WorkerEnd {
  /** Whether the worker worked to the end of the run. */
  readonly isDone: boolean;
  /** Whether another process may do better; `false` when the module or its initialisation is at fault. */
  readonly isUsable: boolean;
  /** Whether the worker has begun to execute an item. */
  readonly hadItem: boolean;
  /** Whether the system refused to start the process: no descriptors, processes or memory were left. */
  readonly isUnstarted: boolean;
  /** How long the process lived after its module was loaded, in ms. */
  readonly livedMs: number;
  /** The reason in words: an exit code, a signal, or the error that the process reported. */
  readonly reason: string;
  /** The last lines that the process wrote to stderr. */
  readonly printed: string;
  readonly error: Error | undefined;
}

export interface WorkerProcessEvents {
  /** If a promise is returned, the next line of the stream waits for it. Must not throw. */
  output(stream: "stdout" | "stderr", line: string): unknown;
  /** The process has loaded its module. */
  started(): void;
  /** The worker has executed its first item to its end. */
  worked(): void;
  /** The worker's handler spends its time awaiting, one item at a time. */
  waits(): void;
  /** The worker's peers have come or gone. */
  peers(peers: readonly PeerState[]): void;
  /** The worker has worked to the end of the run. */
  done(counts: WorkerCounts): void;
  /** The worker's `closeWorker()` or `closeThread()` threw. */
  closeFailed(error: Error): void;
  /** The process has ended, and its output was read. Called once. */
  ended(end: WorkerEnd): void;
}

/** A worker that was started. */
export interface StartedWorker {
  /** The worker's process, where it has one of its own. */
  readonly pid: number | undefined;
  /** Whether its module is not loaded yet. */
  readonly isLoading: boolean;
  /** How long the closing hooks may take, in ms, once only these are left; `undefined` while the worker works. */
  readonly closeTimeoutMs: number | undefined;
  /** Asks the worker to stop; items that are being executed may finish for `timeoutMs`. */
  stop(timeoutMs: number): void;
  /** The run is being stopped: SIGTERM does not end the worker while it finishes what it has. */
  drain(): void;
  /** Ends the worker at once, as far as that is possible. */
  kill(): void;
}

/** One worker in a process of its own. */
export class WorkerProcess implements StartedWorker {
  readonly #child: ChildProcess | undefined;
  readonly #events: WorkerProcessEvents;
  readonly #readers: OutputReader[] = [];
  readonly #printed = new PrintedTail();
  readonly #channel: ControlChannel<FromWorkerProcess, ToWorkerProcess> | undefined;
  #startedAt: number | undefined;
  #closeTimeoutMs: number | undefined;
  #hadItem = false;
  #isUsable = true;
  #isDone = false;
  #hasEnded = false;
  #error: Error | undefined;

  constructor(start: NumberedStart, events: WorkerProcessEvents) {
    this.#events = events;
    try {
      this.#child = startProcess(start.module);
    } catch (error) {
      // Later, as with an event: the caller of this constructor does not have the object yet.
      queueMicrotask(() => this.#unstarted(error));
      return;
    }
    const child = this.#child;
    child.once("error", (error) => {
      if (child.pid === undefined) this.#unstarted(error); // otherwise a message could not be sent, and "exit" follows
    });
    // A process that could not be started has neither streams nor a channel.
    if (child.pid === undefined) return;
    holdParentPipe(child.stdio[PARENT_FD]);
    for (const stream of ["stdout", "stderr"] as const) {
      const readable = child[stream];
      if (readable === null) continue;
      this.#readers.push(new OutputReader(readable, (line) => this.#read(stream, line)));
    }
    this.#channel = new ControlChannel(child.stdio[CONTROL_FD] as Duplex, (message) => this.#heard(message));
    // Not "close": a child of the process may have inherited its pipes, and keep them open.
    child.once("exit", (code, signal) => void this.#exited(code, signal));
    this.#channel.send(start); // if the process has ended, "exit" follows
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether the process has not yet loaded its module. */
  get isLoading(): boolean {
    return this.#startedAt === undefined && !this.#hasEnded;
  }

  /** How long the closing hooks may take, in ms, once only these are left; `undefined` while the worker works. */
  get closeTimeoutMs(): number | undefined {
    return this.#closeTimeoutMs;
  }

  /** Asks the worker to stop; items that are being executed may finish for `timeoutMs`. */
  stop(timeoutMs: number): void {
    this.#channel?.send({ type: "stop", timeoutMs });
  }

  drain(): void {
    this.#channel?.send({ type: "drain" });
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
    } else if (message.type === "waits") {
      this.#events.waits();
    } else if (message.type === "closing") {
      this.#closeTimeoutMs = message.timeoutMs;
    } else if (message.type === "peers") {
      this.#events.peers(message.peers);
    } else if (message.type === "done") {
      this.#isDone = true;
      this.#events.done(message.counts);
      for (const error of message.closeErrors) this.#events.closeFailed(fromProcessError(error));
    } else {
      this.#isUsable = message.type !== "unusable";
      this.#error = fromProcessError(message.error);
    }
  }

  #unstarted(error: unknown): void {
    this.#error = asError(error);
    // A start that the system refused may succeed later; a missing file of this library stays missing.
    const isRefused = "code" in this.#error;
    this.#isUsable = isRefused;
    this.#end(`it cannot be started: ${this.#error.message}`, isRefused);
  }

  async #exited(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    await Promise.all([
      settlesWithin(this.#channel?.closed ?? Promise.resolve(), LAST_WORDS_MS),
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

/**
 * Starts a process for a worker, with those options of this process that concern loading and limits. The channel of `fork()` is for the
 * user's code, which may expect one; this library has a channel of its own.
 */
function startProcess(module: string): ChildProcess {
  const options = optionsForWorkers(process.execArgv);
  const isLoaded = isTsxAmong([...options, process.env.NODE_OPTIONS ?? ""]);
  return fork(ownFile("pipeline/process-entry.js"), [], {
    stdio: ["ignore", "pipe", "pipe", "pipe", PARENT_PIPE, "ipc"],
    execArgv: isLoaded || !needsTsx(module) ? options : [...options, ...tsxArguments(module)],
    env: environmentOfWorker(),
  });
}
