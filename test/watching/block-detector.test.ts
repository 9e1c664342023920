import { beforeEach, describe, expect, test } from "vitest";
import { RunningNote, RunningNoteReader } from "../../src/executor/running-note.ts";
import { BLOCKED_MS, BlockDetector, EXPIRY_GRACE_MS, REPEAT_MS } from "../../src/watching/block-detector.ts";

const LOOK_MS = 100;

let note: RunningNote;
let detector: BlockDetector;

beforeEach(() => {
  note = new RunningNote(4);
  detector = new BlockDetector(new RunningNoteReader(note.memory));
});

/** Looks for this long, in ms. @returns What was reported, as the items' numbers. */
function lookFor(ms: number) {
  const reports: { running: number[]; expired: boolean; isStuck: boolean }[] = [];
  for (let passed = 0; passed < ms; passed += LOOK_MS) {
    const report = detector.look(LOOK_MS);
    if (report === undefined) continue;
    const { expired, isStuck, running } = report;
    reports.push({ running: running.map(({ seq }) => seq), expired, isStuck });
  }
  return reports;
}

/** Handlers that return promises. */
function pend(...seqs: number[]): number[] {
  return seqs.map((seq) => {
    note.begin(seq, 1);
    const slot = note.pending();
    note.end();
    return slot;
  });
}

describe("A BlockDetector", () => {
  test("reports the item in its synchronous part, and again after a while", () => {
    note.begin(2 ** 40, 3);
    expect(lookFor(BLOCKED_MS)).toEqual([]);
    expect(lookFor(LOOK_MS)).toEqual([{ running: [2 ** 40], expired: false, isStuck: false }]);
    expect(lookFor(REPEAT_MS - LOOK_MS)).toEqual([]);
    expect(lookFor(LOOK_MS)).toHaveLength(1);
  });

  test("reports nothing while items follow one another, or the event loop turns", () => {
    for (let seq = 0; seq < 20; seq++) {
      note.begin(seq, 1);
      expect(lookFor(LOOK_MS)).toEqual([]);
      note.end();
    }
    pend(1, 2);
    for (let turn = 0; turn < 20; turn++) {
      note.beat(false);
      expect(lookFor(LOOK_MS)).toEqual([]);
    }
  });

  test("does not take a stopped process for a blocked one", () => {
    note.begin(1, 1);
    lookFor(LOOK_MS);
    expect(detector.look(3_600_000)).toBeUndefined();
    note.end();
    expect(lookFor(LOOK_MS)).toEqual([]);
  });

  test("reports pending items with the one that blocks, and soon that one alone", () => {
    pend(1, 2);
    note.begin(3, 1);
    const reports = lookFor(2000);
    expect(reports[0]?.running).toEqual([3, 1, 2]);
    expect(reports[1]?.running).toEqual([3]);
  });

  test("reports every pending item when the block comes after an await, and none that has ended", () => {
    const [first = 0] = pend(1, 2, 3);
    note.settled(first);
    pend(4);
    expect(lookFor(BLOCKED_MS + LOOK_MS).map(({ running }) => running)).toEqual([[4, 2, 3]]);
  });

  test("says that it does not know which of several pending items blocks, unless there is only one", () => {
    const [first = 0] = pend(1, 2);
    const isAmbiguous = () => {
      for (let looks = 0; looks < 12; looks++) {
        const report = detector.look(LOOK_MS);
        if (report?.isAmbiguous) return true;
      }
      return false;
    };
    expect(isAmbiguous()).toBe(true);
    note.settled(first);
    note.beat(false);
    expect(isAmbiguous()).toBe(false);
  });

  test("gives up an item that is over its timeout and a grace period, and no other", () => {
    detector.timeoutMs = 1000;
    pend(1);
    note.begin(2, 1);
    const before = lookFor(1000 + EXPIRY_GRACE_MS - LOOK_MS);
    expect(before.some(({ isStuck }) => isStuck)).toBe(false);
    expect(lookFor(2 * LOOK_MS)).toEqual([{ running: [2], expired: true, isStuck: true }]);
  });

  test("gives up the only pending item, and blames none of several", () => {
    detector.timeoutMs = 1000;
    const [only = 0] = pend(1);
    expect(lookFor(3000)).toContainEqual({ running: [1], expired: true, isStuck: true });
    note.settled(only);
    pend(2, 3);
    const stuck = lookFor(3000).filter(({ isStuck }) => isStuck);
    expect(stuck[0]).toEqual({ running: [3, 2].reverse(), expired: false, isStuck: true });
  });

  test("finds a stuck process that no item blocks", () => {
    detector.timeoutMs = 1000;
    expect(lookFor(3000)).toContainEqual({ running: [], expired: true, isStuck: true });
  });

  test("never ends a process that a debugger may hold, nor an item without a timeout", () => {
    detector.timeoutMs = 1000;
    note.beat(true);
    note.begin(1, 1);
    expect(lookFor(10_000).some(({ isStuck }) => isStuck)).toBe(false);
    note.beat(false);
    detector.timeoutMs = 0;
    expect(lookFor(10_000).some(({ isStuck }) => isStuck)).toBe(false);
  });

  test("tells the main thread once of its report", () => {
    const reader = new RunningNoteReader(note.memory);
    expect(note.takeReported()).toBe(false);
    reader.markReported();
    expect(note.takeReported()).toBe(true);
    expect(note.takeReported()).toBe(false);
  });
});
