/** One execution that runs, as the watching thread reads it. */
export interface NotedItem {
  readonly seq: number;
  readonly attempt: number;
  /** When the execution began, in ms of the watching thread's clock. */
  readonly since: number;
}

/** Cells of the shared memory. Numbers of 64 bits: a sequence number needs more than 32. */
const CLOCK = 0;
const BEATS = 1;
const REPORTED = 2;
const DEBUGGED = 3;
/** The execution that is in the handler's synchronous part: its sequence number, its attempt, its beginning. */
const CURRENT = 4;
/** The executions whose promise is pending, three cells each. */
const FIRST_SLOT = 7;
const SLOT_CELLS = 3;

/** Stands for "no item" where a sequence number is expected. */
const NONE = -1;

/**
 * What the main thread executes, in memory that a watching thread reads: the handler may block the main thread, and nobody could
 * ask it. The main thread writes with plain stores, a few nanoseconds for each item, and never looks at a clock: the watching thread
 * writes its own clock into the memory, and the main thread copies it. The watching thread trusts the memory only when nothing in
 * it has changed for a while.
 */
export class RunningNote {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Float64Array;
  readonly #freeSlots: number[] = [];
  #usedSlots = 0;
  #beats = 0;

  /** @param slots - How many promises may be pending at a time. */
  constructor(slots: number) {
    this.memory = new SharedArrayBuffer((FIRST_SLOT + slots * SLOT_CELLS) * Float64Array.BYTES_PER_ELEMENT);
    this.#cells = new Float64Array(this.memory);
    this.#cells.fill(NONE, CURRENT);
  }

  /** The handler is called now. */
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

  /** A pending item ended, or was given up. */
  settled(slot: number): void {
    this.#cells[slot] = NONE;
    this.#freeSlots.push(slot);
  }

  /** The event loop had a turn. @param isDebugged - Whether a debugger may hold the main thread. */
  beat(isDebugged: boolean): void {
    this.#cells[DEBUGGED] = isDebugged ? 1 : 0;
    this.#cells[BEATS] = ++this.#beats;
  }

  /** Whether the watching thread has called this thread blocked since the last call. */
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

  /** Another number than before: the main thread has begun or ended an item, or had a turn of its event loop. */
  get beats(): number {
    return this.#cells[BEATS] ?? 0;
  }

  get isDebugged(): boolean {
    return this.#cells[DEBUGGED] === 1;
  }

  set clock(now: number) {
    this.#cells[CLOCK] = now;
  }

  /** The item in the handler's synchronous part. */
  get current(): NotedItem | undefined {
    return this.#at(CURRENT);
  }

  /** Items whose promise is pending. */
  get pending(): NotedItem[] {
    const items: NotedItem[] = [];
    for (let slot = FIRST_SLOT; slot < this.#cells.length; slot += SLOT_CELLS) {
      const item = this.#at(slot);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** Tells the main thread that it was called blocked: it answers as soon as it can. */
  markReported(): void {
    this.#cells[REPORTED] = 1;
  }

  #at(cell: number): NotedItem | undefined {
    const [seq = NONE, attempt = 0, since = 0] = this.#cells.subarray(cell, cell + SLOT_CELLS);
    return seq === NONE ? undefined : { seq, attempt, since };
  }
}
