import type { Delivery } from "../core/collector/inbox.ts";
import type { Handled } from "../core/distributor/handled.ts";

/** Groups results by their workers, with the handler time and the bytes of each group. */
export function groupByWorker(deliveries: readonly Delivery[]): readonly Handled[] {
  const groups = new Map<
    string,
    { taskType: string; workerId: string; busyMs: number; bytes: number; seqs: number[] }
  >();
  for (const { task, workerId, busyMs, payload, seq } of deliveries) {
    let group = groups.get(workerId);
    if (group === undefined) {
      group = { taskType: task, workerId, busyMs: 0, bytes: 0, seqs: [] };
      groups.set(workerId, group);
    }
    group.busyMs += busyMs;
    group.bytes += payload.length;
    group.seqs.push(seq);
  }
  return [...groups.values()];
}
