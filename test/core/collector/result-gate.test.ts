import { describe, expect, test } from "vitest";
import type { Result } from "../../../src/protocol/batch-message.ts";
import { seqOf } from "../../../src/protocol/generation.ts";
import { long } from "../../support/long.ts";
import { hello, makeCore, open, produced } from "./core-and-sent.ts";

const results = (seqs: readonly number[], bytes = 1): Result => ({
  type: "result",
  runId: "run",
  taskType: "a",
  workerId: "w",
  ticket: "",
  busyMs: 0,
  items: seqs.map((seq) => ({ seq, attempt: 1, payload: new Uint8Array(bytes) })),
});
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

/** A collector's core that collects a run. */
function collecting() {
  const { core, sent } = makeCore();
  core.ackLinkMessage("ack", hello("secret"));
  core.peerMessage("data", open("secret"));
  sent.length = 0;
  let now = 0;
  return {
    core,
    sent,
    /** The items that reach the handler now. */
    handled() {
      const seqs: number[] = [];
      for (let next = core.next(); next !== undefined; next = core.next()) seqs.push(next.seq);
      return seqs;
    },
    wait(ms: number) {
      const end = now + ms;
      while (now < end) {
        now += 100;
        core.tick(now);
      }
    },
  };
}

describe("A collector's result of an item", () => {
  test("is handled when the distributor has said that the item exists, before or afterwards", () => {
    const { core, handled } = collecting();
    core.peerMessage("data", produced(2));
    core.peerMessage("w", results([0, 1, 2, 3]));
    expect(handled()).toEqual([0, 1]);
    core.peerMessage("data", produced(3));
    expect(handled()).toEqual([2]);
    core.peerMessage("data", produced(1_000_000));
    expect(handled()).toEqual([3]);
    expect(core.refused).toBe(0);
  });

  test("that has waited is handled in the order in which results came", () => {
    const { core, handled } = collecting();
    core.peerMessage("w", results([5, 3]));
    core.peerMessage("w", results([1, 4]));
    core.peerMessage("data", produced(6));
    expect(handled()).toEqual([5, 3, 1, 4]);
  });

  test("that is executed again is handled when the distributor has named the item", () => {
    const { core, handled } = collecting();
    const again = [seqOf(1, 1), seqOf(0, 2)];
    core.peerMessage("data", produced(2));
    core.peerMessage("w", results([again[0] as number, seqOf(0, 1)]));
    expect(handled()).toEqual([]);
    core.peerMessage("data", produced(2, { again }));
    core.peerMessage("w", results(again));
    expect(handled()).toEqual(again);
    core.peerMessage("data", produced(2, { all: true }));
    expect(core.refused).toBe(1);
  });

  test("that does not exist is refused at once when the task has produced all, and after 5 s otherwise", () => {
    const { core, sent, handled, wait } = collecting();
    core.peerMessage("w", results([7, 8]));
    wait(4900);
    expect(core.refused).toBe(0);
    wait(300);
    expect(core.refused).toBe(2);
    core.peerMessage("w", results([9]));
    core.peerMessage("data", produced(1, { all: true }));
    core.peerMessage("w", results([0, 1, 2]));
    expect(core.refused).toBe(5);
    expect(sent.filter((what) => what.startsWith("refused"))).toEqual([
      "refused 2 of w",
      "refused 1 of w",
      "refused 2 of w",
    ]);
    expect(handled()).toEqual([0]);
  });

  test("waits while the distributor is away, and 5 s longer", () => {
    const { core, handled, wait } = collecting();
    core.peerMessage("w", results([0]));
    core.disconnected("data", "data");
    wait(20_000);
    core.peerMessage("data2", open("secret"));
    wait(4000);
    core.peerMessage("data2", produced(1));
    expect(handled()).toEqual([0]);
    expect(core.refused).toBe(0);
  });

  test("does not exist because a worker says so", () => {
    const { core, handled } = collecting();
    core.peerMessage("w", produced(10));
    core.peerMessage("w", results([0]));
    expect(handled()).toEqual([]);
  });
});

test("A collector drops results that name no worker: their ACK would be that of failures", () => {
  const { core, handled } = collecting();
  core.peerMessage("data", produced(2));
  core.peerMessage("w", { ...results([0, 1]), workerId: "" });
  expect(handled()).toEqual([]);
});

describe("Results whose items are not known to exist wait", () => {
  test("up to 8,192 of a connection, whatever another one has sent", () => {
    const { core, handled } = collecting();
    core.peerMessage("liar", results(numbers(100, 8193)));
    expect(core.refused).toBe(1);
    core.peerMessage("w", results([0]));
    core.peerMessage("data", produced(1));
    expect(handled()).toEqual([0]);
    core.peerMessage("data", produced(1, { all: true }));
    expect(core.refused).toBe(8193);
    core.peerMessage("liar", results([5]));
    expect(core.refused).toBe(8194);
  });

  test("up to 16 MiB of a connection, or one that is larger", () => {
    const { core } = collecting();
    core.peerMessage("large", results([100], 17 * 2 ** 20));
    core.peerMessage("large", results([101]));
    core.peerMessage("small", results([102, 103], 9 * 2 ** 20));
    expect(core.refused).toBe(2);
  });

  long("from sixteen connections at most", () => {
    const { core } = collecting();
    for (let peer = 0; peer < 16; peer++) core.peerMessage(`${peer}`, results(numbers(peer * 8192, 8192)));
    expect(core.refused).toBe(0);
    core.peerMessage("w", results([200_000]));
    expect(core.refused).toBe(1);
  });

  long("with 256 MiB at most, of all connections together", () => {
    const { core } = collecting();
    for (let peer = 0; peer < 17; peer++) core.peerMessage(`${peer}`, results([peer], 15.5 * 2 ** 20));
    expect(core.refused).toBe(1);
  });
});
