/** Most jobs that one thread may have. A job that is taken back counts until the thread has skipped it. */
export const MAX_JOBS = 1024;

// More cells than jobs, so that no cell is used for two jobs at a time.
const CELLS = 2 * MAX_JOBS;

const QUEUED = 1;
const STARTED = 2;
const EXPIRED = 3;
const UNWANTED = 4;
const DONE = 5;
const TAKEN = 6;

/**
 * The state of each job of one thread, in memory that the thread shares with the main thread. The thread starts a job, or the main thread
 * takes it back for another thread: whichever of the two changes the state first wins. When a thread dies, the states say exactly which
 * job was running.
 */
export class JobStates {
  readonly #cells: Int32Array<SharedArrayBuffer>;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory);
  }

  // --- the main thread ------------------------------------------------------------------------------------------------

  queue(serial: number): void {
    Atomics.store(this.#cells, serial % CELLS, QUEUED);
  }

  /** Takes a job back. @returns False when the thread has started it. */
  take(serial: number): boolean {
    return this.#change(serial, QUEUED, TAKEN);
  }

  /** @returns False when the job is not running. */
  abort(serial: number, reason: "expired" | "unwanted"): boolean {
    return this.#change(serial, STARTED, reason === "expired" ? EXPIRED : UNWANTED);
  }

  isRunning(serial: number): boolean {
    const state = Atomics.load(this.#cells, serial % CELLS);
    return state === STARTED || state === EXPIRED || state === UNWANTED;
  }

  /** Whether the job has ended in the thread, reported or not. */
  isDone(serial: number): boolean {
    return Atomics.load(this.#cells, serial % CELLS) === DONE;
  }

  // --- the thread -----------------------------------------------------------------------------------------------------

  /** @returns False when the main thread has taken the job back. */
  start(serial: number): boolean {
    return this.#change(serial, QUEUED, STARTED);
  }

  end(serial: number): void {
    Atomics.store(this.#cells, serial % CELLS, DONE);
  }

  aborted(serial: number): "expired" | "unwanted" | undefined {
    const state = Atomics.load(this.#cells, serial % CELLS);
    if (state === EXPIRED) return "expired";
    return state === UNWANTED ? "unwanted" : undefined;
  }

  #change(serial: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#cells, serial % CELLS, from, to) === from;
  }
}
