import { PipelineError } from "../errors.ts";
import { RoleLog } from "../logging/logger.ts";
import type { WorkerStart } from "./worker-messages.ts";
import { type WorkerEnd, WorkerProcess } from "./worker-process.ts";

/** Wait before a worker is started again, in ms; twice as long each time, for one that dies as soon as it is there. */
const RESTART_MS = 50;
const MAX_RESTART_MS = 5000;

export interface FleetOptions {
  /** How often each worker may be started again. */
  readonly restarts: number;
  output(worker: number, stream: "stdout" | "stderr", line: string): void;
  /** No worker of some kind is left, or none can work. */
  failed(error: PipelineError): void;
}

/** One place for a worker: a process, and the next one when that dies. */
interface Slot {
  readonly number: number;
  readonly start: WorkerStart;
  restarts: number;
  process: WorkerProcess | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** The workers of a pipeline: processes that are started again when they die, up to a limit. */
export class WorkerFleet {
  readonly #options: FleetOptions;
  readonly #log = new RoleLog("worker");
  readonly #slots: Slot[] = [];
  #isEnding = false;
  #onEmpty: () => void = () => {};
  /** Resolves when no worker is left, nor about to be. */
  readonly ended = new Promise<void>((resolve) => {
    this.#onEmpty = resolve;
  });

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Workers that run or are about to. */
  get size(): number {
    return this.#slots.filter(({ process, timer }) => process !== undefined || timer !== undefined).length;
  }

  add(start: WorkerStart): void {
    const slot: Slot = {
      number: this.#slots.length + 1,
      start,
      restarts: 0,
      process: undefined,
      timer: undefined,
    };
    this.#slots.push(slot);
    this.#launch(slot);
  }

  /** The run is over: nobody is started again, and whoever has not ended after so many ms is killed. */
  async end(timeout: number): Promise<void> {
    this.#isEnding = true;
    for (const slot of this.#slots) {
      clearTimeout(slot.timer);
      slot.timer = undefined;
    }
    if (this.size === 0) return;
    this.stop(0); // who has just come, and has not heard of the end, ends too
    const timer = setTimeout(() => {
      for (const { process } of this.#slots) process?.kill();
    }, timeout);
    await this.ended;
    clearTimeout(timer);
  }

  /** Asks all to stop; what they execute may take so many ms. */
  stop(timeout: number): void {
    this.#isEnding = true;
    for (const { process } of this.#slots) process?.stop(timeout);
  }

  #launch(slot: Slot): void {
    slot.timer = undefined;
    slot.process = new WorkerProcess(slot.start, {
      output: (stream, line) => this.#options.output(slot.number, stream, line),
      ended: (end) => this.#ended(slot, end),
    });
  }

  #ended(slot: Slot, end: WorkerEnd): void {
    slot.process = undefined;
    if (!this.#isEnding && !end.isDone) this.#replace(slot, end);
    if (this.size === 0) this.#onEmpty();
  }

  #replace(slot: Slot, end: WorkerEnd): void {
    const { number, start } = slot;
    if (!end.isUsable) return this.#options.failed(this.#failure(slot, end, "cannot work"));
    if (slot.restarts >= this.#options.restarts) {
      this.#log.write("error", "worker given up", { number, reason: end.reason, restarts: slot.restarts });
      const others = this.#slots.filter(({ start: { taskType }, process, timer }) => {
        return taskType === start.taskType && (process !== undefined || timer !== undefined);
      });
      const times = slot.restarts === 0 ? "" : ` ${slot.restarts + 1} times, the last time of this`;
      if (others.length === 0) this.#options.failed(this.#failure(slot, end, `died${times}`));
      return;
    }
    const wait = Math.min(RESTART_MS * 2 ** slot.restarts, MAX_RESTART_MS);
    slot.restarts += 1;
    this.#log.write("warn", "worker died, and is started again", {
      number,
      reason: end.reason,
      restart: slot.restarts,
    });
    slot.timer = setTimeout(() => this.#launch(slot), wait);
  }

  #failure({ number, start }: Slot, { reason, error }: WorkerEnd, what: string): PipelineError {
    const cause = error === undefined ? undefined : Object.assign(new Error(error.message), error);
    const facts = { role: "worker", taskType: start.taskType, ...(cause === undefined ? {} : { cause }) };
    return new PipelineError("WORKER_FAILED", `Worker ${number} ${what}: ${reason}`, facts);
  }
}
