import { type ChildProcess, fork } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { needsTsx, tsxArguments } from "./tsx.ts";
import type { FromWorkerProcess, ProcessError, WorkerStart } from "./worker-messages.ts";

const ENTRY = new URL("./worker-entry.js", import.meta.url);

/** How a worker's process ended. */
export interface WorkerEnd {
  /** It worked to the end of the run. */
  readonly isDone: boolean;
  /** Another one would end the same: its module or its initialisation is at fault. */
  readonly isUsable: boolean;
  /** In words: an exit code, a signal, or what it said. */
  readonly reason: string;
  readonly error: ProcessError | undefined;
}

export interface WorkerProcessEvents {
  output(stream: "stdout" | "stderr", line: string): void;
  ended(end: WorkerEnd): void;
}

/** One worker in a process of its own. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  #isUsable = true;
  #isDone = false;
  #error: ProcessError | undefined;

  constructor(start: WorkerStart, events: WorkerProcessEvents) {
    this.#child = fork(ENTRY, [], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      execArgv: execArguments(start.module),
    });
    const { stdout, stderr } = this.#child;
    forEachLine(stdout, (line) => events.output("stdout", line));
    forEachLine(stderr, (line) => events.output("stderr", line));
    this.#child.on("message", (message: FromWorkerProcess) => this.#heard(message));
    // One that could not be started has no end.
    this.#child.once("error", (error) => {
      if (this.#child.pid === undefined) events.ended(this.#end(`it cannot be started: ${error.message}`));
    });
    // After its output was read to the end.
    this.#child.once("close", (code, signal) => {
      if (this.#child.pid !== undefined)
        events.ended(this.#end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
    this.#child.send(start, () => {}); // that it is gone is told by its end
  }

  /** Lets it finish what it executes, for so many ms. */
  stop(timeout: number): void {
    if (this.#child.connected) this.#child.send({ type: "stop", timeout }, () => {});
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #heard(message: FromWorkerProcess): void {
    if (message.type === "done") this.#isDone = true;
    if (message.type === "started" || message.type === "done") return;
    this.#isUsable = message.type !== "unusable";
    this.#error = message.error;
  }

  #end(exit: string): WorkerEnd {
    const reason = this.#error?.message ?? exit;
    return { isDone: this.#isDone, isUsable: this.#isUsable, reason, error: this.#error };
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

function forEachLine(stream: Readable | null, handle: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on("line", handle);
}
