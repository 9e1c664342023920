import { EndpointAddress, TaskType } from "zmqpipeline";

/** Stage one: count the words of some files. */
export const COUNT = TaskType.register("count");
/** Stage two: merge the partial counts of one range of letters. */
export const MERGE = TaskType.register("merge");

export const COUNT_WORKER = new EndpointAddress("ipc://count.ipc");
export const MERGE_WORKER = new EndpointAddress("ipc://merge.ipc");
export const COLLECTOR = new EndpointAddress("ipc://collector.ipc");
export const COLLECTOR_ACK = new EndpointAddress("ipc://collector-ack.ipc");

/** An item of stage one has files of about this many bytes: a tenth of a second of work, so that its way costs little. */
export const ITEM_BYTES = 2_000_000;

/** Words are divided by their first letter, so that the ranges can be merged side by side. */
export const RANGES = ["ab", "c", "d", "ef", "ghij", "klmno", "pq", "r", "s", "tuvwxyz", "other"];

/** The file with the partial counts of a range, in the folder of the run. */
export function partialFile(range) {
  return `partial-${range}.ndjson`;
}
