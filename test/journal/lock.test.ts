import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { JournalLock } from "../../src/journal/journal-lock.ts";
import { type LockOwner, parseOwner } from "../../src/journal/lock-owner.ts";
import { tempFolder } from "../support/endpoints.ts";

const LOCK = new URL("../../src/journal/journal-lock.ts", import.meta.url).href;
/** Takes the lock of the journal that is its argument, says so, and keeps it. */
const OWNER = `import { JournalLock } from ${JSON.stringify(LOCK)};
try { JournalLock.take(process.argv[1]); console.log("taken", process.pid); setTimeout(() => {}, Number(process.argv[2])); }
catch (error) { console.log(error.code + " " + error.message); }`;
const NODE = [process.execPath, "--import", import.meta.resolve("tsx"), "--input-type=module", "-e", OWNER];
const SPACE = ["unshare", "--fork", "--pid", "--kill-child"];
const canUnshare =
  process.platform === "linux" &&
  spawnSync("unshare", ["--fork", "--pid", "true"]).status === 0 &&
  spawnSync("flock", ["--version"]).status === 0;

const ownerIn = (prefix: readonly string[], journal: string, forMs: number) => {
  const [command = "", ...args] = [...prefix, ...NODE, journal, String(forMs)];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], timeout: 30_000 });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
};

async function firstLine(child: ChildProcess): Promise<string> {
  const [text] = (await once(child.stdout as NodeJS.EventEmitter, "data")) as [Buffer];
  return text.toString().trim();
}

const take = (journal: string) => JournalLock.take(journal).release();

test.runIf(process.platform === "linux")("A journal's lock is free when its owner is a zombie", async () => {
  const journal = join(tempFolder(), "j");
  // A parent that never asks how its child ended.
  const parent = spawn("sh", ["-c", '"$@" & echo $!; exec sleep 30', "sh", ...NODE, journal, "60000"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const pid = Number(await firstLine(parent));
  await once(parent.stdout, "data"); // taken
  expect(() => take(journal)).toThrow(`is in use by process ${pid} on ${hostname()}`);
  process.kill(pid, "SIGKILL");
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, "latin1")).toMatch(/\) Z /);
  // The state is that of the main thread: the others, which have the file open as well, may end a moment later.
  await vi.waitFor(() => take(journal), { timeout: 30_000 });
  expect(existsSync(`${journal}.lock`)).toBe(false);
});

test.runIf(canUnshare)(
  "A journal's lock is kept from another container as long as its owner lives, and no longer",
  async () => {
    const journal = join(tempFolder(), "j");
    const owner = ownerIn(SPACE, journal, 20_000);
    expect(await firstLine(owner)).toBe("taken 1");
    // From outside the process can be seen; from a container beside it, in which 1 is another process, it cannot.
    expect(() => take(journal)).toThrow("is in use by process 1 on");
    const beside = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"];
    expect(await firstLine(ownerIn(beside, journal, 0))).toContain("JOURNAL_IN_USE");
    owner.kill("SIGKILL");
    await once(owner, "exit");
    const next = ownerIn(beside, journal, 0);
    expect(await firstLine(next)).toBe("taken 1");
    await once(next, "exit");
    take(journal);
  },
);

test.runIf(process.platform === "linux")(
  "A journal's lock tells another boot of this machine from another machine",
  () => {
    const journal = join(tempFolder(), "j");
    const held = JournalLock.take(journal);
    const lock = `${journal}.lock`;
    const own = parseOwner(readFileSync(lock, "utf8")) as LockOwner;
    const put = (changes: object) => writeFileSync(lock, JSON.stringify({ ...own, ...changes }));
    expect(() => take(journal)).toThrow("is in use by process");
    held.release();
    put({ started: own.started.replace(/\d+$/, "1") }); // the process id is used again
    take(journal);
    put({ started: "another-boot 1" });
    take(journal);
    for (const changes of [{ host: "elsewhere" }, { machine: "another one" }]) {
      put({ ...changes, started: "another-boot 1" });
      expect(() => take(journal)).toThrow(
        `another machine than this one (${hostname()}): only that machine can tell whether the process is alive. If that process is gone, remove`,
      );
    }
    // Under another name on this machine it is a container's, and is looked for.
    put({ host: "container", started: own.started });
    expect(() => take(journal)).toThrow(`is in use by process ${process.pid} on container`);
    put({ host: "container", pid: 999_999_999, pidSpace: "pid:[1]", isHeld: false });
    expect(() => take(journal)).toThrow(
      "in another container: this process cannot tell whether that one is alive",
    );
  },
);

test.runIf(process.platform === "linux")(
  "A journal's lock is taken without what killed processes have left of theirs",
  () => {
    const journal = join(tempFolder(), "j");
    const lock = JournalLock.take(journal);
    const own = readFileSync(`${journal}.lock`, "utf8");
    const put = (name: string, text: string, ageMs = 0) => {
      writeFileSync(`${journal}.${name}`, text);
      const at = new Date(Date.now() - ageMs);
      utimesSync(`${journal}.${name}`, at, at);
    };
    const dead = JSON.stringify({ ...parseOwner(own), pid: 999_999_999 });
    put("lock.0000000000000001", dead);
    put("lock.0000000000000002", "", 7_200_000); // killed before it wrote its name
    put("lock.0000000000000003", ""); // may be about to write it
    put("lock.0000000000000004", own);
    // A user's.
    put("lock.0000000000000005", "a note", 7_200_000);
    for (const name of ["lock.20261130", "lock.bak", "lock.00000000000000012"]) put(name, dead, 7_200_000);
    symlinkSync(`${journal}.lock.bak`, `${journal}.lock.0000000000000006`);
    lock.release();
    take(journal);
    expect(readdirSync(dirname(journal)).toSorted()).toEqual(
      [
        "lock.00000000000000012",
        "lock.0000000000000003",
        "lock.0000000000000004",
        "lock.0000000000000005",
        "lock.0000000000000006",
        "lock.20261130",
        "lock.bak",
      ].map((name) => `${basename(journal)}.${name}`),
    );
  },
);
