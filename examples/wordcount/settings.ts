import { EndpointAddress, TaskType } from "zmqpipeline";

/** Stage one: count the words of one file. */
export const COUNT = TaskType.register("count");
/** Stage two: merge the partial counts of one range of letters. */
export const MERGE = TaskType.register("merge");

export const COUNT_WORKER = new EndpointAddress("ipc://count.ipc");
export const MERGE_WORKER = new EndpointAddress("ipc://merge.ipc");
export const COLLECTOR = new EndpointAddress("ipc://collector.ipc");
export const COLLECTOR_ACK = new EndpointAddress("ipc://collector-ack.ipc");

/** Words are divided by their first letter, so that the ranges can be merged side by side. */
export const RANGES = ["ab", "c", "d", "ef", "ghij", "klmno", "pq", "r", "s", "tuvwxyz", "other"] as const;

/** Where the partial counts of a range are, in the folder of the run. */
export function partialFile(range: string): string {
  return `partial-${range}.ndjson`;
}

/** Where the collector writes the total of every word, in the folder of the run. */
export const TOTALS_FILE = "totals.json";

/** The counts of one file: for each range that has any, a line of JSON that holds its {@link Counts}. */
export interface PartialCounts {
  readonly lines: Readonly<Record<string, string>>;
}

/** How often each word occurs. Lists, because any word may be one, "constructor" too. */
export interface Counts {
  readonly words: readonly string[];
  readonly counts: readonly number[];
}
