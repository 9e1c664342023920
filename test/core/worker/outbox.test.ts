import { expect, test } from "vitest";
import { Outbox } from "../../../src/core/worker/outbox.ts";

test("An outbox sends results that were never sent with their times, also when all are sent again", () => {
  const sent: { readonly seqs: number[]; readonly busyMs: number }[] = [];
  const outbox = new Outbox({
    results: (items, busyMs) => void sent.push({ seqs: items.map(({ seq }) => seq), busyMs }),
    fail: () => {},
    isOpen: () => true,
  });
  const add = (seq: number, busyMs: number) =>
    outbox.addResult({ seq, attempt: 1, payload: new Uint8Array() }, busyMs, 0);
  add(0, 5);
  outbox.flush();
  add(1, 7);
  outbox.resendResults(0); // the collector has connected again
  expect(sent).toEqual([
    { seqs: [0], busyMs: 5 },
    { seqs: [1], busyMs: 7 },
    { seqs: [0], busyMs: 0 },
  ]);
});
