import { describe, expect, test } from "vitest";
import type { Delivery } from "../../../src/core/collector/inbox.ts";
import type { Result } from "../../../src/protocol/batch-message.ts";
import { EMPTY } from "../../../src/protocol/wire/payload-frames.ts";
import { end, hello, makeCore, open, produced } from "./core-and-sent.ts";

function result(...seqs: number[]): Result {
  const items = seqs.map((seq) => ({ seq, attempt: 1, payload: EMPTY }));
  return { type: "result", runId: "run", taskType: "a", workerId: "w", ticket: "", busyMs: 1, items };
}

/** A core in a run, with results that have arrived. */
function collecting(...seqs: number[]) {
  const { core, sent } = makeCore();
  core.ackLinkMessage("ack", hello("secret"));
  core.peerMessage("data", open("secret"));
  core.peerMessage("data", produced(10));
  core.peerMessage("worker", result(...seqs));
  sent.length = 0;
  return { core, sent };
}

describe.each(["stopped", "aborted"] as const)("A collector whose run is %s", (status) => {
  test("confirms the end after the ACK of the result that is being handled, and drops those that wait", () => {
    const { core, sent } = collecting(1, 2, 3);
    const delivery = core.next() as Delivery;
    core.peerMessage("data", { ...end, status });
    expect(sent).toEqual([`finish ${status}`]);
    core.handled(delivery, EMPTY);
    expect(core.next()).toBe(undefined);
    core.idle();
    expect(sent).toEqual([`finish ${status}`, "ack to ack", "ended to ack"]);
  });

  test("confirms the end at once when nothing is being handled, and again when it is told again", () => {
    const { core, sent } = collecting(1);
    core.handled(core.next() as Delivery, EMPTY);
    core.idle();
    core.peerMessage("data", { ...end, status });
    core.peerMessage("data", { ...end, status });
    expect(sent).toEqual(["ack to ack", "ended to ack", `finish ${status}`, "ended to ack"]);
  });

  test("takes no result that arrives afterwards", () => {
    const { core } = collecting(1);
    core.peerMessage("data", { ...end, status });
    core.peerMessage("worker", result(2));
    expect(core.queued).toBe(0);
  });
});
