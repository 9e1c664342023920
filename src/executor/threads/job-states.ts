/** Most jobs that one thread may have, taken ones included until it has passed them. */
export const MAX_JOBS = 1024;

// More places than jobs, so that none is used for two jobs at a time.
const PLACES = 2 * MAX_JOBS;

const QUEUED = 1;
const STARTED = 2;
const EXPIRED = 3;
const UNWANTED = 4;
const DONE = 5;
const TAKEN = 6;

/**
 * The state of each job of one thread, in memory that it shares with the main thread. Who changes it first wins: the thread
 * that starts a job, or the main thread that takes it back for another. And when a thread dies, it says which job was
 * running, exactly.
 */
export class JobStates {
  readonly #cells: Int32Array<SharedArrayBuffer>;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(PLACES * Int32Array.BYTES_PER_ELEMENT);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory);
  }

  // --- the main thread ------------------------------------------------------------------------------------------------

  queue(serial: number): void {
    Atomics.store(this.#cells, serial % PLACES, QUEUED);
  }

  /** Takes a job back. False when the thread has started it. */
  take(serial: number): boolean {
    return this.#change(serial, QUEUED, TAKEN);
  }

  /** False when the job is not running. */
  abort(serial: number, reason: "expired" | "unwanted"): boolean {
    return this.#change(serial, STARTED, reason === "expired" ? EXPIRED : UNWANTED);
  }

  isRunning(serial: number): boolean {
    const state = Atomics.load(this.#cells, serial % PLACES);
    return state === STARTED || state === EXPIRED || state === UNWANTED;
  }

  // --- the thread -----------------------------------------------------------------------------------------------------

  /** False when the main thread has taken the job back. */
  start(serial: number): boolean {
    return this.#change(serial, QUEUED, STARTED);
  }

  end(serial: number): void {
    Atomics.store(this.#cells, serial % PLACES, DONE);
  }

  aborted(serial: number): "expired" | "unwanted" | undefined {
    const state = Atomics.load(this.#cells, serial % PLACES);
    if (state === EXPIRED) return "expired";
    return state === UNWANTED ? "unwanted" : undefined;
  }

  #change(serial: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#cells, serial % PLACES, from, to) === from;
  }
}
