import type { Ack } from "../../protocol/batch-message.ts";

/** Results of one worker that the collector has handled, or has taken to handle them later. */
export type Handled = Pick<Ack, "taskType" | "workerId" | "busyMs" | "bytes" | "seqs">;
