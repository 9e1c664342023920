import type { WorkerRecord } from "./worker-record.ts";

/**
 * A worker that comes back was cut off, not killed: no item is to blame for its loss.
 *
 * @returns Number of items that were blamed for it.
 */
export function clearBlame({ id, task }: WorkerRecord): number {
  let cleared = 0;
  for (const item of task.blamed) {
    const others = item.lostWith.filter((other) => other !== id);
    if (others.length < item.lostWith.length) {
      item.losses -= item.lostWith.length - others.length;
      item.lostWith = others;
      cleared += 1;
    }
    if (others.length === 0) task.blamed.delete(item);
  }
  return cleared;
}
