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

test("An outbox waits longer for the confirmation of large results: on a slow connection they are still on their way", () => {
  const sentAgain = (bytes: number): number => {
    let now = 0;
    let again: number | undefined;
    const outbox = new Outbox({
      results: (_items, busyMs) => {
        if (busyMs === 0) again ??= now;
      },
      fail: () => {},
      isOpen: () => true,
    });
    outbox.tick(now);
    outbox.addResult({ seq: 0, attempt: 1, payload: new Uint8Array(bytes) }, 1, now);
    outbox.flush();
    while (again === undefined && now < 600_000) {
      now += 100;
      outbox.tick(now);
    }
    return again ?? Number.POSITIVE_INFINITY;
  };
  expect(sentAgain(100)).toBeLessThanOrEqual(4500);
  // At 0.5 Mbit/s, 4 MB take 62 s.
  expect(sentAgain(4_000_000)).toBeGreaterThan(62_500);
  expect(sentAgain(4_000_000)).toBeLessThan(600_000);
});

test("An outbox puts no more than 512 results into a message, however many wait for their collector", () => {
  const sent: { readonly count: number; readonly busyMs: number }[] = [];
  let isOpen = false;
  const outbox = new Outbox({
    results: (items, busyMs) => void sent.push({ count: items.length, busyMs }),
    fail: () => {},
    isOpen: () => isOpen,
  });
  for (let seq = 0; seq < 1280; seq++) outbox.addResult({ seq, attempt: 1, payload: new Uint8Array() }, 2, 0);
  outbox.flush();
  isOpen = true;
  outbox.flush();
  outbox.resendResults(0);
  expect(sent).toEqual([
    { count: 512, busyMs: 1024 },
    { count: 512, busyMs: 1024 },
    { count: 256, busyMs: 512 },
    ...[512, 512, 256].map((count) => ({ count, busyMs: 0 })),
  ]);
});
