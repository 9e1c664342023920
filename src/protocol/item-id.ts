/**
 * The id of an item: the same for every execution and delivery of it, and different from every other item's, in this run
 * and in others. Fit as a key for idempotent writes.
 */
export function itemId(runId: string, taskType: string, seq: number): string {
  return `${runId}/${taskType}/${seq}`;
}
