import type { Paint } from "./colours.ts";

/**
 * Draws a bar: what succeeded is green, what failed is red, the rest is empty. A failure is never too small to be seen.
 *
 * @param total - How many there are in all. Where more are done, the bar is full.
 * @param width - In columns.
 */
export function bar(
  { done, failed, total }: { readonly done: number; readonly failed: number; readonly total: number },
  width: number,
  paint: Paint,
): string {
  const cells = (part: number) => Math.min(width, Math.floor((part / Math.max(1, total)) * width));
  const filled = cells(done + failed);
  const red = failed === 0 ? 0 : Math.min(width, Math.max(1, cells(failed)));
  const green = Math.max(0, filled - red);
  const empty = width - green - red;
  return paint("green", "█".repeat(green)) + paint("red", "█".repeat(red)) + paint("dim", "░".repeat(empty));
}
