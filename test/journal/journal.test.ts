import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveRetryPolicy } from "../../src/core/distributor/retry-policy.ts";
import { TaskLedger } from "../../src/core/distributor/task-ledger.ts";
import { PipelineError } from "../../src/errors.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { DiskFile, type JournalFile } from "../../src/journal/journal-file.ts";
import type { Durability } from "../../src/journal/journal-options.ts";
import type { JournalState } from "../../src/journal/journal-state.ts";
import { openOn, readState } from "../../src/journal/open-journal.ts";
import { MemoryFile, type Storage } from "../simulation/memory-file.ts";
import { tempFolder } from "../support/endpoints.ts";

const AT_ONCE: Storage = { sync: (done) => done() };
const ERROR = { name: "Error", message: "broken", stack: "at x", code: "E" };

/** A ledger on a journal, without a run around it. */
class Ledger<File extends JournalFile = JournalFile> {
  readonly file: File;
  readonly journal: Journal;
  readonly tasks: readonly TaskLedger[];
  #payloads = 0;
  readonly torn: number;

  constructor(file: File, durability: Durability = "process-crash", retryFailed = false) {
    this.file = file;
    const opened = openOn(file, { path: "j", durability, retryFailed, keep: false }, ["a", "b"]);
    this.journal = opened.journal;
    this.torn = opened.torn;
    this.tasks = ["a", "b"].map((name) => {
      const source = { pull: () => Buffer.from(`payload ${this.#payloads++}`) };
      const restored = opened.tasks.get(name);
      const journal = this.journal.taskJournal(name);
      const retry = resolveRetryPolicy({});
      return new TaskLedger({ name, dependencies: [], retry, timeout: 0, source, restored, journal });
    });
  }

  /** One thing that can happen, to one task. */
  act(task: TaskLedger, what: number): void {
    const item = task.items.values().next().value;
    if (what < 4 || item === undefined) task.next({ id: "w" } as never, 1, 0);
    else if (what < 7) this.settle(task, [item.seq], item.place.at === "collector" ? "failed" : "acked");
    else if (what === 7 && item.place.at !== "collector") {
      if (!task.retry(item, "w", 0)) task.giveUp(item, ERROR, 0);
    } else if (what === 8 && item.place.at !== "collector") task.giveUp(item, ERROR, 0);
    else if (what === 9) this.settle(task, [item.seq], "acked");
  }

  settle(task: TaskLedger, seqs: readonly number[], as: "acked" | "failed"): void {
    for (const seq of seqs) {
      const item = task.items.get(seq);
      if (item !== undefined) task.settle(item, as);
    }
    task.spec.journal?.settled(seqs, as);
  }

  commit(): void {
    this.journal.commit((error) => {
      if (error !== undefined) throw error;
    });
  }

  /** What a resumed run would begin with. */
  get content(): unknown {
    return this.tasks.map(({ name, counts, nextSeq, items }) => ({
      name,
      counts: { ...counts },
      nextSeq,
      pending: [...items.values()].map(({ seq, payload, failures, place }) => [
        seq,
        Buffer.from(payload).toString(),
        failures,
        place.at === "collector",
      ]),
    }));
  }
}

/** The same, of what is in a file. */
function contentOf(state: JournalState): unknown {
  return state.tasks.map(({ name, counts, nextSeq, pending }) => ({
    name,
    counts: { ...counts },
    nextSeq,
    pending: [...pending].map(({ seq, payload, failures, error }) => [
      seq,
      Buffer.from(payload).toString(),
      failures,
      error !== undefined,
    ]),
  }));
}

/** A small journal of several blocks, and what the ledger was after each of them. */
function smallJournal(): { bytes: Buffer; steps: { size: number; content: unknown }[] } {
  const ledger = new Ledger(new MemoryFile(AT_ONCE));
  const steps = [{ size: ledger.file.size, content: ledger.content }];
  for (const what of [0, 1, 2, 7, 0, 5, 8, 6, 0, 9]) {
    ledger.act(ledger.tasks[what % 2] as TaskLedger, what);
    ledger.commit();
    if (ledger.file.size > (steps.at(-1)?.size ?? 0))
      steps.push({ size: ledger.file.size, content: ledger.content });
  }
  return { bytes: ledger.file.afterCrash(1), steps };
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return "none";
}

describe("a journal", () => {
  test("gives back what the ledger was, after any history", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(1), fc.nat(9), fc.boolean())),
        fc.constantFrom<Durability>("process-crash", "power-loss"),
        (history, durability) => {
          let ledger = new Ledger(new MemoryFile(AT_ONCE), durability);
          for (const [task, what, dies] of history) {
            ledger.act(ledger.tasks[task] as TaskLedger, what);
            ledger.commit();
            if (!dies) continue;
            const next = new Ledger(new MemoryFile(AT_ONCE, ledger.file.afterCrash(1)), durability);
            assert.deepEqual(next.content, ledger.content);
            ledger = next;
          }
          assert.deepEqual(contentOf(readState(ledger.file, "j").state), ledger.content);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("cut at any byte: what was whole before the cut counts, the rest is cut off and counted", () => {
    const { bytes, steps } = smallJournal();
    expect(steps.length).toBeGreaterThan(6);
    const [first] = steps;
    for (let cut = 0; cut <= bytes.length; cut++) {
      const file = new MemoryFile(AT_ONCE, bytes.subarray(0, cut));
      if (cut === 0) {
        // Empty is new: there is nothing to lose.
        assert.deepEqual(new Ledger(file).content, steps[0]?.content);
      } else if (cut < (first?.size ?? 0)) {
        // What a journal begins with is put in place whole: this is no crash.
        assert.equal(
          codeOf(() => new Ledger(file)),
          "JOURNAL_DAMAGED",
        );
        assert.deepEqual(file.afterCrash(1), bytes.subarray(0, cut), "a damaged journal is left as it is");
      } else {
        const whole = steps.findLast(({ size }) => size <= cut);
        const ledger = new Ledger(file);
        assert.deepEqual(ledger.content, whole?.content, `cut at ${cut}`);
        assert.equal(ledger.torn, cut - (whole?.size ?? 0));
      }
    }
  });

  test("any changed byte is found: damage before the tail is an error, in the last block it is a torn tail", () => {
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
            codeOf(() => new Ledger(file)),
            isOtherFormat ? "JOURNAL_VERSION" : "JOURNAL_DAMAGED",
            `changed at ${at}`,
          );
        } else {
          assert.deepEqual(new Ledger(file).content, lastBlock.content, `changed at ${at}`);
        }
      }
    }
  });

  test("after a loss of power, holes in what was not yet on the disk are a torn tail", () => {
    const ledger = new Ledger(new MemoryFile({ sync: () => {} }), "power-loss"); // the disk never answers
    const before = ledger.content;
    const safe = ledger.file.size;
    for (let i = 0; i < 5; i++) {
      ledger.act(ledger.tasks[0] as TaskLedger, 0);
      ledger.commit();
    }
    const holed = ledger.file.afterCrash(1).fill(0, safe, safe + 10);
    expect(holed.length).toBeGreaterThan(safe + 100); // whole blocks lie behind the hole
    const next = new Ledger(new MemoryFile(AT_ONCE, holed), "power-loss");
    expect(next.content).toEqual(before);
    expect(next.torn).toBe(holed.length - safe);
  });

  test("whichever write fails: an error, nothing more is written, and what was committed is there", () => {
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
        const ledger = new Ledger(file);
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
        assert.deepEqual(new Ledger(new MemoryFile(AT_ONCE, left)).content, committed);
    }
    expect(failAt).toBeGreaterThan(8);
  });

  test("failed items are executed again under new numbers, and only once", () => {
    const ledger = new Ledger(new MemoryFile(AT_ONCE));
    const task = ledger.tasks[0] as TaskLedger;
    for (let i = 0; i < 3; i++) ledger.act(task, 0);
    for (const seq of [0, 2]) {
      task.giveUp(task.items.get(seq) as never, ERROR, 0);
      ledger.settle(task, [seq], "failed");
    }
    ledger.commit();
    expect(task.counts).toMatchObject({ items: 3, acked: 0, failed: 2 });
    const next = new Ledger(new MemoryFile(AT_ONCE, ledger.file.afterCrash(1)), "process-crash", true);
    const again = next.tasks[0] as TaskLedger;
    expect(again.counts).toMatchObject({ items: 3, acked: 0, failed: 0 });
    const pending = [...again.items.values()].map(({ seq, payload }) => [
      seq,
      Buffer.from(payload).toString(),
    ]);
    expect(pending).toEqual([
      [1, "payload 1"],
      [3, "payload 0"],
      [4, "payload 2"],
    ]);
    // The source is still where it was, and a further life has nothing to take up.
    const further = openOn(
      new MemoryFile(AT_ONCE, next.file.afterCrash(1)),
      { path: "j", durability: "process-crash", retryFailed: true, keep: false },
      ["a", "b"],
    );
    expect(further.tasks.get("a")).toMatchObject({ position: 3, nextSeq: 5, pendingCount: 3 });
  });

  test("stays small however many items pass, and keeps what is in flight and what has failed", () => {
    const path = join(tempFolder(), "j");
    const ledger = new Ledger(new DiskFile(path, "write"));
    const [task] = ledger.tasks as [TaskLedger];
    Object.assign(task.spec.source, { pull: () => Buffer.alloc(256 * 1024, 7) });
    let most = 0;
    for (let i = 0; i < 600; i++) {
      ledger.act(task, 0);
      if (i === 10) task.giveUp(task.items.get(i) as never, ERROR, 0);
      if (i >= 10) ledger.settle(task, [i - 5], i - 5 === 10 ? "failed" : "acked");
      ledger.commit();
      expect(ledger.journal.tidy(ledger.tasks)).toBe(undefined);
      most = Math.max(most, ledger.file.size);
    }
    expect(most).toBeLessThan(40 * 1024 * 1024); // of 150 MiB that passed through it
    ledger.journal.close();
    const next = new Ledger(new DiskFile(path, "write"), "process-crash", true);
    expect(next.tasks[0]?.counts).toMatchObject({ items: 600, failed: 0 });
    expect([...(next.tasks[0]?.items.values() ?? [])].map(({ seq }) => seq)).toEqual(
      expect.arrayContaining([0, 4, 595, 599, 600]),
    );
    expect(next.tasks[0]?.items.size).toBe(11);
    next.journal.close();
    expect(readdirSync(dirname(path))).toEqual(["j"]);
  });

  test("that is something else, or of other tasks, is refused and left alone", () => {
    for (const text of [
      "x",
      "a text file that somebody needs, longer than a header",
      "zmqpipeline journal 2\nxxxx",
      "zmqpipeline journals\nxxxx",
    ]) {
      const file = new MemoryFile(AT_ONCE, Buffer.from(text));
      expect(codeOf(() => new Ledger(file))).toBe("JOURNAL_DAMAGED");
      expect(file.afterCrash(1).toString()).toBe(text);
    }
    for (const format of ["1", "3", "10"]) {
      const file = new MemoryFile(AT_ONCE, Buffer.from(`zmqpipeline journal ${format}\nxxxx`));
      expect(codeOf(() => new Ledger(file))).toBe("JOURNAL_VERSION");
      expect(() => new Ledger(file)).toThrow(`has format ${format}, which another version`);
    }
    const { bytes } = smallJournal();
    const open = (names: string[]) => () =>
      openOn(
        new MemoryFile(AT_ONCE, bytes),
        { path: "j", durability: "process-crash", retryFailed: false, keep: false },
        names,
      );
    expect(codeOf(open(["a", "c"]))).toBe("JOURNAL_MISMATCH");
    expect(open(["a", "c"])).toThrow('its tasks "b" are not registered, and it knows nothing of "c"');
    expect(codeOf(open(["b", "a"]))).toBe("none");
  });
});
