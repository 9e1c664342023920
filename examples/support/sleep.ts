const cell = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread for so many ms, as work would. */
export function blockFor(ms: number): void {
  Atomics.wait(cell, 0, 0, ms);
}
