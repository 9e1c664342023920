import { CollectorCore } from "../../../src/core/collector/collector-core.ts";
import type { End, Failed, Hello, Open, Produced } from "../../../src/protocol/batch-message.ts";
import { EMPTY } from "../../../src/protocol/wire/payload-frames.ts";

/** A collector's core, and all it does. */
export function makeCore() {
  const sent: string[] = [];
  const core = new CollectorCore(
    { peerId: "c", peerTimeoutMs: 60_000 },
    {
      toPeer: (connection, { type }) => sent.push(`${type} to ${connection}`),
      toAckLink: (connection, { type }) => sent.push(`${type} to ${connection}`),
      begin: ({ runId }) => sent.push(`begin ${runId}`),
      work: () => sent.push("work"),
      finish: (status) => sent.push(`finish ${status}`),
      over: () => sent.push("over"),
      refused: (_why, worker, _task, count) => sent.push(`refused ${count} of ${worker}`),
      exceeded: (connection) => sent.push(`exceeded by ${connection}`),
      note: () => {},
    },
  );
  return { core, sent };
}

export const open = (peerId: string, runId = "run"): Open => ({
  type: "open",
  runId,
  peerId,
  tasks: ["a"],
  trust: "any",
  context: "",
  metadata: EMPTY,
});
/** The task's items below a number exist. */
export const produced = (count: number, facts: Partial<Produced> = {}): Produced => ({
  type: "produced",
  runId: "run",
  taskType: "a",
  count,
  all: false,
  again: [],
  ...facts,
});
export const hello = (peerId: string, runId = "run"): Hello => ({
  type: "hello",
  runId,
  role: "distributor",
  peerId,
  taskType: "",
  ticket: "",
  held: [],
});
const error = { name: "Error", message: "invented", stack: "", code: "" };
export const failed: Failed = {
  type: "failed",
  runId: "run",
  taskType: "a",
  seq: 0,
  attempts: 1,
  error,
  payload: EMPTY,
};
export const end: End = { type: "end", runId: "run", status: "complete", reason: "" };
