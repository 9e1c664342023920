/** A running execution, as the watching thread reads it. */
export interface NotedItem {
  readonly seq: number;
  readonly attempt: number;
  /** When the execution began, in ms of the watching thread's clock. */
  readonly since: number;
}

/** Indices of the shared memory's cells. A cell has 64 bits: a sequence number needs more than 32. */
const CLOCK = 0;
const BEATS = 1;
const REPORTED = 2;
const DEBUGGED = 3;
const NUMBER = 4;
/** The execution in the handler's synchronous part: its sequence number, attempt and start time. */
const CURRENT = 5;
/** The executions whose promises are pending, three cells each. */
const FIRST_SLOT = 8;
const SLOT_CELLS = 3;

/** Stands for "no item" where a sequence number is expected. */
const NONE = -1;

/** How many notes this process has made. */
let count = 0;

/**
 * Notes in shared memory what the main thread executes. The watching thread reads the note when a handler blocks the main thread, which
 * cannot answer messages then. The main thread writes with plain stores, in a few nanoseconds for each item, and never reads a clock: the
 * watching thread writes its own clock into the memory, and the main thread copies it. The watching thread trusts the note only when it
 * has not changed for a while.
 */
export class RunningNote {
  readonly memory: SharedArrayBuffer;
  /** Tells the notes of this process apart. */
  readonly number = ++count;
  readonly #cells: Float64Array;
  readonly #freeSlots: number[] = [];
  #usedSlots = 0;
  #beats = 0;

  /** @param slots - Most promises that may be pending at a time. */
  constructor(slots: number) {
    this.memory = new SharedArrayBuffer((FIRST_SLOT + slots * SLOT_CELLS) * Float64Array.BYTES_PER_ELEMENT);
    this.#cells = new Float64Array(this.memory);
    this.#cells.fill(NONE, CURRENT);
    this.#cells[NUMBER] = this.number;
  }

  /** The handler is about to be called. */
  begin(seq: number, attempt: number): void {
    const cells = this.#cells;
    cells[CURRENT] = seq;
    cells[CURRENT + 1] = attempt;
    cells[CURRENT + 2] = cells[CLOCK] ?? 0;
    cells[BEATS] = ++this.#beats;
  }

  /** The handler returned a promise: the item is noted as running until `settled`. @returns Its slot. */
  pending(): number {
    const slot = this.#freeSlots.pop() ?? FIRST_SLOT + this.#usedSlots++ * SLOT_CELLS;
    this.#cells.copyWithin(slot, CURRENT, CURRENT + SLOT_CELLS);
    return slot;
  }

  /** The handler returned or threw. */
  end(): void {
    this.#cells[CURRENT] = NONE;
    this.#cells[BEATS] = ++this.#beats;
  }

  /** A pending item has ended, or is not waited for any more. */
  settled(slot: number): void {
    this.#cells[slot] = NONE;
    this.#freeSlots.push(slot);
  }

  /** The event loop runs. @param isDebugged - Whether a debugger may have stopped the main thread. */
  beat(isDebugged: boolean): void {
    this.#cells[DEBUGGED] = isDebugged ? 1 : 0;
    this.#cells[BEATS] = ++this.#beats;
  }

  /** @returns Whether the watching thread has reported this thread as blocked since the last call. */
  takeReported(): boolean {
    if (this.#cells[REPORTED] === 0) return false;
    this.#cells[REPORTED] = 0;
    return true;
  }
}

/** The watching thread's side of a {@link RunningNote}. */
export class RunningNoteReader {
  readonly #cells: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Float64Array(memory);
  }

  /** Changes whenever the main thread begins or ends an item, or its event loop runs. */
  get beats(): number {
    return this.#cells[BEATS] ?? 0;
  }

  get number(): number {
    return this.#cells[NUMBER] ?? 0;
  }

  get isDebugged(): boolean {
    return this.#cells[DEBUGGED] === 1;
  }

  set clock(now: number) {
    this.#cells[CLOCK] = now;
  }

  /** The item whose handler is in its synchronous part. */
  get current(): NotedItem | undefined {
    return this.#at(CURRENT);
  }

  /** The items whose promises are pending. */
  get pending(): NotedItem[] {
    const items: NotedItem[] = [];
    for (let slot = FIRST_SLOT; slot < this.#cells.length; slot += SLOT_CELLS) {
      const item = this.#at(slot);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** Notes that the main thread was reported as blocked: it tells the distributor as soon as it is not. */
  markReported(): void {
    this.#cells[REPORTED] = 1;
  }

  #at(cell: number): NotedItem | undefined {
    const [seq = NONE, attempt = 0, since = 0] = this.#cells.subarray(cell, cell + SLOT_CELLS);
    return seq === NONE ? undefined : { seq, attempt, since };
  }
}
