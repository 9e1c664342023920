import { expect, test } from "vitest";
import type { Ack, Result } from "../../../src/protocol/batch-message.ts";
import { decodeMessage, encodeMessage } from "../../../src/protocol/wire/codec.ts";

const MOST_MS = Number.MAX_SAFE_INTEGER / 1000;

test("Durations whose sum is larger than a message may hold are sent as the largest: no peer ends a role by what it claims", () => {
  const ack: Ack = {
    type: "ack",
    runId: "run",
    taskType: "t",
    workerId: "w",
    busyMs: 3 * MOST_MS,
    bytes: 0,
    seqs: [1, 2, 3],
    ackSeq: 3,
    ackData: new Uint8Array(0),
  };
  const sent = decodeMessage(encodeMessage(ack) as Buffer[]) as Ack;
  expect(sent.busyMs).toBeCloseTo(MOST_MS, -3);
  const result: Result = {
    type: "result",
    runId: "run",
    taskType: "t",
    workerId: "w",
    ticket: "",
    busyMs: MOST_MS,
    items: [],
  };
  expect((decodeMessage(encodeMessage(result)) as Result).busyMs).toBeCloseTo(MOST_MS, -3);
});
