import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type PipelineError, readJournal } from "../../src/index.ts";
import { openJournal } from "../../src/journal/open-journal.ts";
import { tempFolder } from "../support/endpoints.ts";

const open = (path: string) =>
  openJournal({ path, durability: "process-crash", retryFailed: false, keep: false }, ["a"]);

function errorOf(action: () => unknown): PipelineError {
  try {
    action();
  } catch (error) {
    return error as PipelineError;
  }
  throw new Error("Nothing was thrown");
}

test("A journal belongs to one distributor at a time, under whatever name", () => {
  const folder = tempFolder();
  const path = join(folder, "run.journal");
  const first = open(path);
  symlinkSync(path, join(folder, "link"));
  for (const name of ["run.journal", "link"]) {
    const error = errorOf(() => open(join(folder, name)));
    expect(error.code).toBe("JOURNAL_IN_USE");
    expect(error.message).toContain(`is in use by process ${process.pid} on ${hostname()}`);
  }
  expect(readJournal(path)).toMatchObject({ runId: first.runId, isComplete: false }); // reading is always possible
  first.close();
  const second = open(path);
  expect(second).toMatchObject({ runId: first.runId, isResumed: true, torn: 0 });
  second.close();
  expect(readdirSync(folder).sort()).toEqual(["link", "run.journal"]);
  // A lock that somebody has removed, and that another has taken since, is the other's.
  const third = open(path);
  writeFileSync(`${path}.lock`, "another's");
  third.close();
  expect(readFileSync(`${path}.lock`, "utf8")).toBe("another's");
});

test("A journal is not held by a process that was killed, or whose id is used again; it may be by one on another host", async () => {
  const path = join(tempFolder(), "run.journal");
  const lock = `${path}.lock`;
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  const owner = { host: hostname(), pid: child.pid, started: "another boot 1" };
  if (process.platform === "linux") {
    writeFileSync(lock, JSON.stringify(owner)); // the id is in use, but by a process that began at another time
    open(path).close();
  }
  child.kill("SIGKILL");
  await once(child, "exit");
  writeFileSync(lock, JSON.stringify(owner));
  open(path).close();
  for (const text of [JSON.stringify({ ...owner, host: "elsewhere" }), "", "not ours"]) {
    writeFileSync(lock, text);
    const error = errorOf(() => open(path));
    expect(error.code).toBe("JOURNAL_IN_USE");
    expect(error.message).toContain(`If that process is gone, remove ${JSON.stringify(lock)}`);
    expect(readFileSync(lock, "utf8")).toBe(text);
  }
});

test("A journal that cannot be opened says why, and leaves nothing behind", () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "folder"));
  writeFileSync(join(folder, "file"), "something of the user's, and no journal");
  const cases: [string, string, string][] = [
    ["folder", "JOURNAL_UNAVAILABLE", "is a folder, and not a regular file"],
    ["nowhere/run.journal", "JOURNAL_UNAVAILABLE", "its folder does not exist"],
    ["file/run.journal", "JOURNAL_UNAVAILABLE", "a part of its path is not a folder"],
    ["file", "JOURNAL_DAMAGED", "does not begin like a journal"],
  ];
  for (const [name, code, text] of cases) {
    const error = errorOf(() => open(join(folder, name)));
    expect([name, error.code]).toEqual([name, code]);
    expect(error.message).toContain(text);
  }
  expect(readdirSync(folder).sort()).toEqual(["file", "folder"]);
  expect(readFileSync(join(folder, "file"), "utf8")).toBe("something of the user's, and no journal");
  expect(errorOf(() => readJournal(join(folder, "nowhere"))).code).toBe("JOURNAL_UNAVAILABLE");
  expect(errorOf(() => readJournal(join(folder, "file"))).code).toBe("JOURNAL_DAMAGED");
});
