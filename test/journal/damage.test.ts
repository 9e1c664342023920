import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import type { TaskLedger } from "../../src/core/distributor/task-ledger.ts";
import { MemoryFile, type Storage } from "../../src/testing/simulator/memory-file.ts";
import { AT_ONCE, codeOf, JournalledLedger, smallJournal } from "./journalled-ledger.ts";

describe("A journal", () => {
  test("that is cut at any byte keeps its whole blocks, and the rest is cut off and counted", () => {
    const { bytes, steps } = smallJournal();
    expect(steps.length).toBeGreaterThan(6);
    const [first] = steps;
    for (let cut = 0; cut <= bytes.length; cut++) {
      const file = new MemoryFile(AT_ONCE, bytes.subarray(0, cut));
      if (cut === 0) {
        // Empty is new: there is nothing to lose.
        assert.deepEqual(new JournalledLedger(file).content, steps[0]?.content);
      } else if (cut < (first?.size ?? 0)) {
        // What a journal begins with is put in place whole: this is no crash.
        assert.equal(
          codeOf(() => new JournalledLedger(file)),
          "JOURNAL_DAMAGED",
        );
        assert.deepEqual(file.afterCrash(1), bytes.subarray(0, cut), "a damaged journal is left as it is");
      } else {
        const whole = steps.findLast(({ size }) => size <= cut);
        const ledger = new JournalledLedger(file);
        assert.deepEqual(ledger.content, whole?.content, `cut at ${cut}`);
        assert.equal(ledger.torn, cut - (whole?.size ?? 0));
      }
    }
  });

  test("with any byte changed is refused as damaged, or has a torn tail when the byte is in its last block", () => {
    const { bytes, steps } = smallJournal();
    const lastBlock = steps.at(-2) as (typeof steps)[number];
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 128]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ bit;
        const file = new MemoryFile(AT_ONCE, changed);
        if (at < lastBlock.size) {
          // The digit of the format may become another one.
          const isOtherFormat = at === 20 && bit === 1;
          assert.equal(
            codeOf(() => new JournalledLedger(file)),
            isOtherFormat ? "JOURNAL_VERSION" : "JOURNAL_DAMAGED",
            `changed at ${at}`,
          );
        } else {
          assert.deepEqual(new JournalledLedger(file).content, lastBlock.content, `changed at ${at}`);
        }
      }
    }
  });

  test("with holes in what was not yet on the disk when power was lost has a torn tail", () => {
    const ledger = new JournalledLedger(new MemoryFile({ sync: () => {} }), "power-loss"); // the disk never answers
    const before = ledger.content;
    const safe = ledger.file.size;
    for (let i = 0; i < 5; i++) {
      ledger.act(ledger.tasks[0] as TaskLedger, 0);
      ledger.commit();
    }
    const holed = ledger.file.afterCrash(1).fill(0, safe, safe + 10);
    expect(holed.length).toBeGreaterThan(safe + 100); // whole blocks lie behind the hole
    const next = new JournalledLedger(new MemoryFile(AT_ONCE, holed), "power-loss");
    expect(next.content).toEqual(before);
    expect(next.torn).toBe(holed.length - safe);
  });

  test("whose write fails, whichever it is, reports an error, writes nothing more, and keeps what was committed", () => {
    const run = (failAt: number) => {
      let writes = 0;
      let failed = false;
      const storage: Storage = {
        ...AT_ONCE,
        beforeWrite: () => {
          assert.ok(!failed, "nothing is written after a write has failed");
          writes += 1;
          failed = writes === failAt;
          if (failed) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
        },
      };
      const file = new MemoryFile(storage);
      let committed: unknown;
      const code = codeOf(() => {
        const ledger = new JournalledLedger(file);
        for (const what of [0, 1, 2, 7, 0, 5, 8, 6, 0, 9]) {
          ledger.act(ledger.tasks[what % 2] as TaskLedger, what);
          ledger.commit();
          committed = ledger.content;
        }
      });
      return { code, committed, left: file.afterCrash(1) };
    };
    let failAt = 1;
    for (; ; failAt++) {
      const { code, committed, left } = run(failAt);
      if (code === "none") break;
      assert.equal(code, "JOURNAL_WRITE_FAILED");
      if (left.length === 0) assert.equal(committed, undefined);
      else if (committed !== undefined)
        assert.deepEqual(new JournalledLedger(new MemoryFile(AT_ONCE, left)).content, committed);
    }
    expect(failAt).toBeGreaterThan(8);
  });
});
