import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readJournal } from "../../src/index.ts";
import { tempFolder } from "../support/endpoints.ts";
import { countsOf, errorOf, failOne, killedLife, life, open, work } from "./journal-life.ts";

const isPosix = process.platform !== "win32";

/** Opens a journal and closes it. @returns What a user is told. */
function warningsOf(path: string): readonly string[] {
  const { warnings, torn, close } = open(path);
  close();
  return torn > 0 ? [...warnings, `torn ${torn}`] : warnings;
}

/** Expects that a journal is refused, and that its folder stays as it is. */
function expectRefused(path: string, code: string, text: string | RegExp): void {
  const folder = join(path, "..");
  const before = contentOf(folder);
  for (let attempt = 0; attempt < 2; attempt++) {
    const error = errorOf(() => open(path));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(text)]);
    expect(contentOf(folder)).toEqual(before);
  }
}

function contentOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => {
        const path = join(folder, name);
        const found = lstatSync(path);
        return [name, found.isFile() ? readFileSync(path, "latin1") : `kind ${found.mode}`];
      }),
  );
}

/** A journal of four items, three of which are collected. */
function someJournal(how: typeof life = life): string {
  const path = join(tempFolder(), "j");
  how(path, 4, 3);
  return path;
}

describe("What is in a journal", () => {
  test("a bit of the journal is flipped", () => {
    const path = someJournal();
    const bytes = readFileSync(path);
    for (const at of [0, 30, Math.floor(bytes.length / 2)]) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] as number) ^ 4;
      writeFileSync(path, flipped);
      expectRefused(path, "JOURNAL_DAMAGED", "");
    }
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 4;
    writeFileSync(path, bytes);
    expect(warningsOf(path)).toEqual([
      expect.stringContaining("was not closed"),
      expect.stringMatching("torn"),
    ]);
    expect(countsOf(path)).toEqual([4, 3, 1]);
  });

  test("the journal is cut", () => {
    const whole = readFileSync(someJournal());
    const killed = someJournal(killedLife);
    const [bytes, lock] = [readFileSync(killed), readFileSync(`${killed}.lock`)];
    for (let size = 1; size < bytes.length; size += 211) {
      truncateSync(killed, size);
      expect(errorOf(() => open(killed)).code).toBe("JOURNAL_DAMAGED");
      expect(readFileSync(`${killed}.lock`)).toEqual(lock); // the next start is refused, too
      expect(statSync(killed).size).toBe(size);
      writeFileSync(killed, bytes);
    }
    expect(warningsOf(killed)).toEqual([]);
    const cut = join(tempFolder(), "j");
    for (let size = 1; size < whole.length; size += 83) {
      writeFileSync(cut, whole.subarray(0, size));
      let warnings: readonly string[] = ["refused"];
      try {
        warnings = warningsOf(cut);
      } catch {
        // It has not even its beginning.
      }
      expect(warnings[0], `cut at ${size}`).toMatch(
        /^refused|^the journal was not closed.* executed and collected again/,
      );
    }
  });

  test("an older copy of the journal is put back", () => {
    const path = join(tempFolder(), "j");
    life(path, 2);
    copyFileSync(path, `${path}.old`);
    life(path, 2);
    copyFileSync(`${path}.old`, path);
    expect(warningsOf(path)).toEqual([expect.stringMatching(/^the journal is a copy\..* collected again/)]);
    expect(countsOf(path)).toEqual([2, 2, 0]);
    expect(warningsOf(path)).toEqual([]);
    // A copy made during a run.
    const opened = open(path);
    work(opened, 1);
    copyFileSync(path, `${path}.old`);
    opened.close();
    renameSync(`${path}.old`, path);
    expect(warningsOf(path)).toEqual([expect.stringContaining("a copy made during a run")]);
    // After a kill it is refused, until somebody decides.
    copyFileSync(path, `${path}.old`);
    killedLife(path, 2);
    copyFileSync(`${path}.old`, path);
    expectRefused(
      path,
      "JOURNAL_DAMAGED",
      /an older copy, since process 999999999 was killed.*remove ".*j\.lock"/,
    );
    rmSync(`${path}.lock`);
    expect(warningsOf(path)).toEqual([expect.stringContaining("is a copy")]);
  });

  test("the journal of another run is put in its place", () => {
    const [path, other] = [someJournal(killedLife), someJournal()];
    copyFileSync(path, `${path}.own`);
    copyFileSync(other, path);
    expectRefused(path, "JOURNAL_DAMAGED", "was replaced by another file");
    copyFileSync(`${path}.own`, path);
    expect(warningsOf(path)).toEqual([]);
    copyFileSync(other, path);
    expect(warningsOf(path)).toEqual([expect.stringContaining("is a copy")]);
    expect(readJournal(path).runId).toBe(readJournal(other).runId);
    const ofOtherTasks = join(tempFolder(), "j");
    open(ofOtherTasks, {}, ["b"]).close();
    rmSync(path);
    copyFileSync(ofOtherTasks, path);
    expectRefused(path, "JOURNAL_MISMATCH", 'its tasks "b" are not registered');
  });

  test("garbage is appended to the journal", () => {
    for (const garbage of ["x", "zmqpipeline journal 3\n", "\0".repeat(5000)]) {
      const path = someJournal();
      appendFileSync(path, garbage);
      expect(warningsOf(path)).toEqual([`torn ${garbage.length}`]);
      expect(countsOf(path)).toEqual([4, 3, 1]);
    }
  });

  test("the journal is followed by itself, or by another journal", () => {
    for (const other of [undefined, someJournal()]) {
      const path = someJournal();
      const more = readFileSync(other ?? path);
      appendFileSync(path, more);
      expect(warningsOf(path)).toEqual([`torn ${more.length}`]);
      expect(countsOf(path)).toEqual([4, 3, 1]);
    }
  });

  test("the journal is emptied", () => {
    const killed = someJournal(killedLife);
    truncateSync(killed);
    expectRefused(killed, "JOURNAL_DAMAGED", "was emptied since process");
    const path = someJournal();
    truncateSync(path);
    expect(warningsOf(path)).toEqual(["the journal's file was empty: a new run begins"]);
  });

  test("the journal is removed after a kill", () => {
    const path = someJournal(killedLife);
    rmSync(path);
    expect(warningsOf(path)).toEqual([
      expect.stringContaining("was removed since process 999999999 was killed"),
    ]);
    expect(countsOf(path)).toEqual([0, 0, 0]);
  });

  test("the journal is a file of another program", () => {
    for (const text of ["x", "a text\n", "zmqpipeline journal", "\0".repeat(1000)]) {
      const path = join(tempFolder(), "j");
      writeFileSync(path, text);
      expectRefused(path, "JOURNAL_DAMAGED", "does not begin like a journal");
      expect(errorOf(() => readJournal(path)).code).toBe("JOURNAL_DAMAGED");
    }
  });
});

describe.runIf(isPosix)("What has the name of a journal", () => {
  test("the journal is a link to a file that is not there", () => {
    const folder = tempFolder();
    mkdirSync(join(folder, "disk"));
    symlinkSync("disk/journal", join(folder, "middle"));
    symlinkSync("middle", join(folder, "j"));
    const first = open(join(folder, "j"));
    expect(errorOf(() => open(join(folder, "disk/journal"))).code).toBe("JOURNAL_IN_USE");
    first.close();
    expect(readdirSync(join(folder, "disk"))).toEqual(["journal"]);
    expect(readdirSync(folder)).toEqual(["disk", "j", "middle"]);
    expect(lstatSync(join(folder, "j")).isSymbolicLink()).toBe(true);
    rmSync(join(folder, "disk"), { recursive: true });
    expectRefused(join(folder, "j"), "JOURNAL_UNAVAILABLE", "its folder does not exist");
  });

  test("the journal is a link to a device, a folder, another file, or itself", () => {
    const targets: [string, string, RegExp][] = [
      ["/dev/full", "JOURNAL_UNAVAILABLE", /"\/dev\/full" is a device, and not a regular file/],
      ["/dev/zero", "JOURNAL_UNAVAILABLE", /is a device/],
      ["folder", "JOURNAL_UNAVAILABLE", /is a folder/],
      ["text", "JOURNAL_DAMAGED", /does not begin like a journal/],
      ["j", "JOURNAL_UNAVAILABLE", /its links lead nowhere/],
    ];
    for (const [target, code, text] of targets) {
      const folder = tempFolder();
      mkdirSync(join(folder, "folder"));
      writeFileSync(join(folder, "text"), "of a user");
      symlinkSync(target, join(folder, "j"));
      expectRefused(join(folder, "j"), code, text);
      expect(errorOf(() => readJournal(join(folder, "j"))).code).toBe(code);
    }
  });

  test("the journal is a pipe, or a folder", () => {
    const folder = tempFolder();
    mkdirSync(join(folder, "folder"));
    spawnSync("mkfifo", [join(folder, "pipe")]);
    for (const name of ["folder", "pipe"]) {
      expectRefused(join(folder, name), "JOURNAL_UNAVAILABLE", `is a ${name}, and not a regular file`);
      expect(errorOf(() => readJournal(join(folder, name))).code).toBe("JOURNAL_UNAVAILABLE");
    }
  });

  test("the name of the lock is taken", () => {
    const takers: [string, (lock: string) => void, string][] = [
      ["a dangling link", (lock) => symlinkSync("nowhere", lock), "is a symbolic link"],
      ["a link to a device", (lock) => symlinkSync("/dev/zero", lock), "is a symbolic link"],
      ["a pipe", (lock) => void spawnSync("mkfifo", [lock]), "is a pipe"],
      ["a folder", (lock) => mkdirSync(lock), "is a folder"],
      ["a user's file", (lock) => writeFileSync(lock, "a note"), "is in use by another process"],
      ["a large file", (lock) => truncateSync(touched(lock), 2 ** 33), "is in use by another process"],
    ];
    for (const [what, take, text] of takers) {
      const path = join(tempFolder(), "j");
      take(`${path}.lock`);
      const before = lstatSync(`${path}.lock`);
      const { code, message } = errorOf(() => open(path));
      expect([what, code, message]).toEqual([
        what,
        text.includes("in use") ? "JOURNAL_IN_USE" : "JOURNAL_UNAVAILABLE",
        expect.stringContaining(text),
      ]);
      expect(message).toContain(`${path}.lock`);
      expect(readdirSync(join(path, ".."))).toEqual(["j.lock"]);
      expect(lstatSync(`${path}.lock`)).toMatchObject({
        mode: before.mode,
        size: before.size,
        ino: before.ino,
      });
    }
  });

  test("a user has files with names like those beside the journal", () => {
    const path = someJournal();
    writeFileSync(`${path}.new`, "of a user");
    copyFileSync(path, `${path}.new.20261130`);
    writeFileSync(`${path}.new.0000000000000001`, "of a user");
    symlinkSync(`${path}.new`, `${path}.new.0000000000000002`);
    spawnSync("mkfifo", [`${path}.new.0000000000000003`]);
    writeFileSync(`${path}.lock.20261130`, "of a user");
    const before = contentOf(join(path, ".."));
    // These were left by killed processes.
    copyFileSync(path, `${path}.new.0000000000000004`);
    writeFileSync(`${path}.new.0000000000000005`, "zmqpipe");
    writeFileSync(`${path}.new.0000000000000006`, "");
    life(path, 1);
    expect(contentOf(join(path, ".."))).toEqual({ ...before, j: expect.any(String) });
  });

  test("other users may read or write the journal", () => {
    for (const mode of [0o644, 0o666, 0o620]) {
      const path = someJournal();
      chmodSync(path, mode);
      expect(warningsOf(path)).toEqual(
        mode === 0o644 ? [] : [expect.stringContaining("other users could write")],
      );
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
  });

  test.runIf(process.getuid?.() === 0)("the journal belongs to another user", () => {
    const path = someJournal();
    chownSync(path, 12_345, 12_345);
    expectRefused(
      path,
      "JOURNAL_UNAVAILABLE",
      /it belongs to another user \(12345; this process makes files of user 0\)/,
    );
    expect(statSync(path).uid).toBe(12_345);
    expect(countsOf(path)).toEqual([4, 3, 1]); // reading is possible
  });
});

describe("A journal during its run", () => {
  /** What a tick does about the journal. */
  function tick({ tidy }: ReturnType<typeof open>): string {
    let told = "whole";
    const error = tidy([ledger], (what) => {
      told = what;
    });
    return error === undefined ? told : `${error.code} ${error.message}`;
  }
  const ledger = {
    name: "a",
    counts: { items: 4, acked: 3, failed: 0, retried: 0, skipped: 0 },
    nextSeq: 4,
    items: new Map(),
  } as never;

  /** A run that goes on while its files are abused. */
  function during(abuse: (path: string) => void): {
    path: string;
    told: string;
    opened: ReturnType<typeof open>;
  } {
    const path = join(tempFolder(), "j");
    const opened = open(path);
    work(opened, 4, 3);
    expect(tick(opened)).toBe("whole");
    abuse(path);
    return { path, told: tick(opened), opened };
  }

  test("the journal is removed, or renamed, while its run goes on", () => {
    for (const abuse of [(path: string) => rmSync(path), (path: string) => renameSync(path, `${path}.1`)]) {
      const { path, told, opened } = during(abuse);
      expect(told).toMatch("was removed or renamed while its run goes on: it was written anew");
      expect(tick(opened)).toBe("whole");
      opened.close();
      expect(countsOf(path)).toEqual([4, 3, 0]);
      expect(warningsOf(path)).toEqual([]);
    }
  });

  test("the journal is cut, or written into, while its run goes on", () => {
    const abuses = [
      (path: string) => truncateSync(path),
      (path: string) => truncateSync(path, 50),
      (path: string) => appendFileSync(path, "x"),
    ];
    for (const abuse of abuses) {
      const { path, told, opened } = during(abuse);
      expect(told).toMatch("another process changed the journal while its run goes on: it was written anew");
      opened.close();
      expect(countsOf(path)).toEqual([4, 3, 0]);
      expect(warningsOf(path)).toEqual([]);
    }
    const changed = during((path) => {
      const bytes = readFileSync(path);
      bytes[60] = (bytes[60] as number) ^ 4;
      writeFileSync(path, bytes);
    });
    changed.opened.close();
    expectRefused(changed.path, "JOURNAL_DAMAGED", "");
    const path = join(tempFolder(), "j");
    const opened = open(path);
    failOne(opened);
    expect(tick(opened)).toBe("whole");
    truncateSync(path, 50);
    expect(tick(opened)).toMatch(/^JOURNAL_WRITE_FAILED .*has destroyed what it had of failed items/);
    opened.close();
  });

  test("another file is put in the journal's place while its run goes on", () => {
    const { path, told, opened } = during((path) => {
      writeFileSync(`${path}.mine`, "of a user");
      renameSync(`${path}.mine`, path);
    });
    expect(told).toMatch(/^JOURNAL_WRITE_FAILED .*another file was put in its place, which is left as it is/);
    opened.close();
    expect(readFileSync(path, "utf8")).toBe("of a user");
    expect(readdirSync(join(path, ".."))).toEqual(["j"]);
  });

  test("the folder of the journal is removed while its run goes on", () => {
    const { told, opened } = during((path) => rmSync(join(path, ".."), { recursive: true }));
    expect(told).toMatch(/^JOURNAL_WRITE_FAILED .*its folder does not exist/);
    opened.close();
  });

  test("the lock is removed while its run goes on", () => {
    const { path, told, opened } = during((path) => rmSync(`${path}.lock`));
    expect(told).toMatch("lock was removed while its run goes on: it was put back");
    expect(errorOf(() => open(path)).code).toBe("JOURNAL_IN_USE");
    opened.close();
    expect(existsSync(`${path}.lock`)).toBe(false);
    expect(countsOf(path)).toEqual([4, 3, 1]);
  });

  test("the lock is removed while its run goes on, and another process takes the journal over", () => {
    let next: ReturnType<typeof open> | undefined;
    const { path, told, opened } = during((path) => {
      rmSync(`${path}.lock`);
      next = open(path);
    });
    expect(told).toMatch(/^JOURNAL_IN_USE .*was taken over by process \d+ on .*writes nothing more/);
    opened.close();
    work(next as ReturnType<typeof open>, 1);
    expect(tick(next as ReturnType<typeof open>)).toBe("whole");
    next?.close();
    expect(countsOf(path)).toEqual([5, 4, 1]);
    expect(warningsOf(path)).toEqual([]);
  });

  test("somebody writes into the lock while its run goes on", () => {
    const { path, told, opened } = during((path) => writeFileSync(`${path}.lock`, "of a user"));
    expect(told).toMatch(/^JOURNAL_IN_USE .*taken over by another process/);
    opened.close();
    expect(readFileSync(`${path}.lock`, "utf8")).toBe("of a user");
  });

  test("the clock goes backwards", () => {
    const path = someJournal(killedLife);
    const future = new Date(Date.now() + 864e5 * 365);
    for (const name of [path, `${path}.lock`]) utimesSync(name, future, future);
    expect(warningsOf(path)).toEqual([]);
    expect(countsOf(path)).toEqual([4, 3, 1]);
    expect(readdirSync(join(path, "..")).filter((name) => name.includes("lock"))).toEqual([]);
  });
});

function touched(path: string): string {
  writeFileSync(path, "");
  return path;
}
