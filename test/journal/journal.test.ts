import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newItem } from "../../src/core/distributor/item.ts";
import type { TaskLedger } from "../../src/core/distributor/task-ledger.ts";
import { DiskFile } from "../../src/journal/journal-file.ts";
import type { Durability } from "../../src/journal/journal-options.ts";
import type { TaskReplay } from "../../src/journal/journal-state.ts";
import { openOn, readState } from "../../src/journal/open-journal.ts";
import { generationOf, nextGeneration, seqOf } from "../../src/protocol/generation.ts";
import { itemId } from "../../src/protocol/item-id.ts";
import { MemoryFile } from "../../src/testing/simulator/memory-file.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";
import { AT_ONCE, codeOf, contentOf, ERROR, JournalledLedger, smallJournal } from "./journalled-ledger.ts";

describe("A journal", () => {
  long("gives back the content of the ledger after any history", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(1), fc.nat(9), fc.boolean())),
        fc.constantFrom<Durability>("process-crash", "power-loss"),
        (history, durability) => {
          let ledger = new JournalledLedger(new MemoryFile(AT_ONCE), durability);
          for (const [task, what, dies] of history) {
            ledger.act(ledger.tasks[task] as TaskLedger, what);
            ledger.commit();
            if (!dies) continue;
            const next = new JournalledLedger(new MemoryFile(AT_ONCE, ledger.file.afterCrash(1)), durability);
            assert.deepEqual(next.content, ledger.content);
            ledger = next;
          }
          assert.deepEqual(contentOf(readState(ledger.file, "j").state), ledger.content);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("opened with retryFailed gives failed items their numbers again, in the next generation, once", () => {
    const ledger = new JournalledLedger(new MemoryFile(AT_ONCE));
    const task = ledger.tasks[0] as TaskLedger;
    for (let i = 0; i < 4; i++) ledger.act(task, 0);
    for (const seq of [0, 2, 3]) task.giveUp(task.items.get(seq) as never, ERROR, 0);
    ledger.settle(task, [0, 2], "failed"); // the collector has not confirmed the failure of item 3
    ledger.commit();
    expect(task.counts).toMatchObject({ items: 4, acked: 0, failed: 2 });
    const next = new JournalledLedger(
      new MemoryFile(AT_ONCE, ledger.file.afterCrash(1)),
      "process-crash",
      true,
    );
    const again = next.tasks[0] as TaskLedger;
    expect(again.counts).toMatchObject({ items: 4, acked: 0, failed: 0 });
    const pending = [...again.items.values()].map(({ seq, payload }) => [
      seq,
      Buffer.from(payload).toString(),
    ]);
    expect(pending).toEqual([
      [1, "payload 1"],
      [seqOf(0, 1), "payload 0"],
      [seqOf(2, 1), "payload 2"],
      [seqOf(3, 1), "payload 3"],
    ]);
    expect(itemId("run", "a", seqOf(2, 1))).toBe("run/a/2");
    // The source is still where it was, and a further life has nothing to take up.
    const further = openOn(
      new MemoryFile(AT_ONCE, next.file.afterCrash(1)),
      { path: "j", durability: "process-crash", retryFailed: true, keep: false },
      ["a", "b"],
    );
    expect(further.tasks.get("a")).toMatchObject({ position: 4, nextSeq: 4, pendingCount: 4 });
  });

  test("counts a failed item that is executed again in its increment, however often, and once in a later one", () => {
    let file = new MemoryFile(AT_ONCE);
    const options = { path: "j", durability: "process-crash" } as const;
    /** A life: opens the journal, has what is pending fail for good, and returns the counts at its end. */
    const live = (retryFailed: boolean, keep: boolean, produces = 0) => {
      file = new MemoryFile(AT_ONCE, file.afterCrash(1));
      const { journal, tasks } = openOn(file, { ...options, retryFailed, keep }, ["a"]);
      const replay = tasks.get("a") as TaskReplay;
      const counts = { ...replay.counts };
      const own = journal.taskJournal("a");
      const pending = [...replay.pending].map(({ seq }) => seq);
      for (let i = 0; i < produces; i++) {
        const item = newItem(replay.nextSeq + i, Buffer.from("payload"));
        own.produced(item, undefined);
        pending.push(item.seq);
      }
      own.exhausted(0);
      for (const seq of pending) own.gaveUp(newItem(seq, Buffer.from("payload")), ERROR);
      own.settled(pending, "failed");
      journal.commit(() => {});
      const { counts: after } = readState(file, "j").state.tasks[0] as TaskReplay;
      return {
        generations: pending.map(generationOf),
        items: after.items,
        failed: after.failed,
        before: counts.failed,
      };
    };
    expect(live(false, true, 2)).toEqual({ generations: [0, 0], items: 2, failed: 2, before: 0 });
    expect(live(true, false)).toEqual({ generations: [1, 1], items: 2, failed: 2, before: 0 });
    // A new increment: the two failures are taken up from the earlier one, then within this one.
    expect(live(true, true, 1)).toEqual({ generations: [2, 2, 0], items: 3, failed: 3, before: 0 });
    expect(live(true, false)).toEqual({ generations: [3, 3, 1], items: 3, failed: 3, before: 0 });
    // An increment that leaves them alone, and is resumed: they are still of an earlier one.
    expect(live(false, true, 1)).toEqual({ generations: [0], items: 1, failed: 1, before: 0 });
    expect(live(true, false)).toEqual({ generations: [4, 4, 2, 1], items: 4, failed: 4, before: 0 });
    expect(() => nextGeneration(seqOf(7, 4095))).toThrow("item 7 failed for good 4096 times");
  });

  long("stays small however many items pass, and keeps items in flight and failed items", () => {
    const path = join(tempFolder(), "j");
    const ledger = new JournalledLedger(new DiskFile(path, "write"));
    const [task] = ledger.tasks as [TaskLedger];
    Object.assign(task.spec.source, { pull: () => Buffer.alloc(256 * 1024, 7) });
    let most = 0;
    for (let i = 0; i < 600; i++) {
      ledger.act(task, 0);
      if (i === 10) task.giveUp(task.items.get(i) as never, ERROR, 0);
      if (i >= 10) ledger.settle(task, [i - 5], i - 5 === 10 ? "failed" : "acked");
      ledger.commit();
      expect(ledger.journal.tidy(ledger.tasks, () => {})).toBe(undefined);
      most = Math.max(most, ledger.file.size);
    }
    expect(most).toBeLessThan(40 * 1024 * 1024); // of 150 MiB that passed through it
    ledger.journal.close();
    const next = new JournalledLedger(new DiskFile(path, "write"), "process-crash", true);
    expect(next.tasks[0]?.counts).toMatchObject({ items: 600, failed: 0 });
    expect([...(next.tasks[0]?.items.values() ?? [])].map(({ seq }) => seq)).toEqual(
      expect.arrayContaining([0, 4, 595, 599, seqOf(10, 1)]),
    );
    expect(next.tasks[0]?.items.size).toBe(11);
    next.journal.close();
    expect(readdirSync(dirname(path))).toEqual(["j"]);
  });

  test("is refused and left as it is when it is another kind of file, or has other tasks", () => {
    for (const text of [
      "x",
      "a text file that somebody needs, longer than a header",
      "zmqpipeline journal 3\nxxxx",
      "zmqpipeline journals\nxxxx",
    ]) {
      const file = new MemoryFile(AT_ONCE, Buffer.from(text));
      expect(codeOf(() => new JournalledLedger(file))).toBe("JOURNAL_DAMAGED");
      expect(file.afterCrash(1).toString()).toBe(text);
    }
    for (const format of ["1", "2", "10"]) {
      const file = new MemoryFile(AT_ONCE, Buffer.from(`zmqpipeline journal ${format}\nxxxx`));
      expect(codeOf(() => new JournalledLedger(file))).toBe("JOURNAL_VERSION");
      expect(() => new JournalledLedger(file)).toThrow(`has format ${format}, which another version`);
    }
    const { bytes } = smallJournal();
    const open = (names: string[]) => () =>
      openOn(
        new MemoryFile(AT_ONCE, bytes),
        { path: "j", durability: "process-crash", retryFailed: false, keep: false },
        names,
      );
    expect(codeOf(open(["a", "c"]))).toBe("JOURNAL_MISMATCH");
    expect(open(["a", "c"])).toThrow('its tasks "b" are not registered, and tasks "c" are not in it');
    expect(codeOf(open(["b", "a"]))).toBe("none");
  });
});

describe("A journal that survives the end of the machine", () => {
  test("is compacted although its disk is always being flushed", () => {
    let flushed: (() => void) | undefined;
    const file = new MemoryFile({
      sync: (done) => {
        flushed = done;
      },
    });
    const { journal, tasks } = new JournalledLedger(file, "power-loss");
    const payload = Buffer.alloc(12 * 1024 * 1024);
    for (let size = 0; size < 3; size++) {
      flushed?.();
      journal.metadataArrived(payload);
      journal.commit(() => {});
    }
    const grown = file.size;
    expect(journal.tidy(tasks, () => {})).toBe(undefined);
    expect(file.size).toBe(grown); // while the disk is being flushed, that is
    flushed?.();
    expect(file.size).toBeLessThan(grown / 2);
  });
});
