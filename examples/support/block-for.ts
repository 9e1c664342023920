const cell = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread for `ms` milliseconds, as computing would. */
export function blockFor(ms: number): void {
  Atomics.wait(cell, 0, 0, ms);
}
