import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { readJournal } from "../../src/index.ts";
import { tempFolder } from "../support/endpoints.ts";
import { TestProcess } from "../support/processes.ts";
import { countsOf } from "./journal-life.ts";

const LIFE = fileURLToPath(new URL("one-life.ts", import.meta.url));
const RUN = fileURLToPath(new URL("../fixtures/journal-run.mjs", import.meta.url));
const NODE = [process.execPath, "--import", import.meta.resolve("tsx")];
const DEADLINE = 60_000;

const isLinux = process.platform === "linux";
const works = (command: string, ...args: string[]) => isLinux && spawnSync(command, args).status === 0;
const hasMounts = works("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt");
const hasHosts =
  works("unshare", "--uts", "--mount", "--pid", "--fork", "--mount-proc", "true") &&
  works("flock", "--version");
const NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
const isRoot = process.getuid?.() === 0;
/** A user without privileges, who can read the library. */
const asUser = isRoot ? NOBODY : ["env"];
const hasUser = isLinux && spawnSync("env", [...asUser, "head", "-c1", LIFE]).status === 0;
const hasStrace = works("strace", "-o", "/dev/null", "true");

/** One life of a journal in a process. @returns What the process printed last. */
function lifeIn(prefix: readonly string[], journal: string, items: number, how = "process-crash"): string {
  const [command = "", ...args] = [...prefix, ...NODE, LIFE, journal, String(items), how];
  const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: DEADLINE });
  return stdout.trim().split("\n").at(-1) || stderr;
}

/** Runs a command of the shell in which each mount is its own. @returns What it printed. */
function mounted(script: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(
    "unshare",
    ["--mount", "--fork", "--kill-child", "sh", "-c", `mount --make-rprivate / && ${script}`, "sh", ...args],
    { encoding: "utf8", timeout: DEADLINE },
  );
  return `${stdout}${stderr}`;
}

describe("The machine under a journal", () => {
  test.runIf(hasMounts)("the file system of the journal is read-only", () => {
    const folder = tempFolder();
    const script = 'mount -t tmpfs -o ro tmpfs "$1"; shift; exec "$@"';
    const printed = mounted(script, folder, ...NODE, LIFE, join(folder, "j"), "1");
    expect(printed).toMatch(/^JOURNAL_UNAVAILABLE .*cannot be opened: its file system is read-only/);
  });

  test.runIf(hasUser)("the journal, or its folder, may not be read or written", () => {
    const folder = tempFolder();
    const path = join(folder, "j");
    if (isRoot) chmodSync(folder, 0o777);
    expect(lifeIn(asUser, path, 3)).toBe("ok");
    chmodSync(folder, 0o555);
    expect(lifeIn(asUser, path, 3)).toMatch(
      /^JOURNAL_UNAVAILABLE .*permission denied for files beside it: its folder must be writable/,
    );
    chmodSync(folder, 0o777);
    chmodSync(path, 0);
    expect(lifeIn(asUser, path, 3)).toMatch(/^JOURNAL_UNAVAILABLE .*: permission denied/);
    expect(existsSync(`${path}.lock`)).toBe(false);
    chmodSync(path, 0o600);
    expect(lifeIn(asUser, path, 3)).toBe("ok");
    expect(countsOf(path)).toEqual([6, 6, 0]);
  });

  test.runIf(hasMounts)("the disk of the journal fills, and is freed", () => {
    const [disk, folder] = [tempFolder(), tempFolder()];
    const script = `mount -t tmpfs -o size=256k tmpfs "$1"; head -c 220k /dev/zero > "$1/filler"; disk=$1; shift
      "$@" 2>&1 | grep JOURNAL_ | head -n 1; "$@" 2>&1 | grep JOURNAL_ | head -n 1
      rm "$disk/filler"; "$@" | tail -n 1; cp "$disk/j" "$OLDPWD/"`;
    const command = [process.execPath, RUN, join(disk, "j"), join(folder, "sink"), "6000"];
    const printed = mounted(`OLDPWD=${folder}; ${script}`, disk, ...command)
      .trim()
      .split("\n");
    expect(printed[0]).toMatch(/JOURNAL_WRITE_FAILED|the disk is full/);
    expect(printed[1]).toMatch(/JOURNAL_|the disk is full/);
    expect(JSON.parse(printed.find((line) => line.startsWith("{")) ?? "")).toMatchObject({
      status: "complete",
      tasks: { numbers: { items: 6000, acked: 6000 } },
    });
    expectOnce(join(folder, "sink"), 6000);
    expect(readJournal(join(folder, "j")).isComplete).toBe(true);
  });

  test.runIf(hasMounts)("the disk has no room for more files", () => {
    const folder = tempFolder();
    const script = 'mount -t tmpfs -o nr_inodes=1 tmpfs "$1"; shift; exec "$@"';
    const printed = mounted(script, folder, ...NODE, LIFE, join(folder, "j"), "1");
    expect(printed).toMatch(/^JOURNAL_UNAVAILABLE .*the disk is full, or has no room for more files/);
  });

  test.runIf(isLinux)("the journal reaches the limit of file sizes", () => {
    const path = join(tempFolder(), "j");
    // Blocks of 1,024 bytes; some shells count 512.
    const limited = ["bash", "-c", 'ulimit -f 8; exec "$@"', "bash"];
    expect(lifeIn(limited, path, 10_000)).toMatch(
      /^JOURNAL_WRITE_FAILED .*the file is larger than is allowed/,
    );
    expect(statSync(path).size).toBe(8192);
    const [items, acked] = countsOf(path);
    expect(lifeIn([], path, 3)).toBe("ok");
    expect(countsOf(path).slice(0, 2)).toEqual([items + 3, acked + 3]);
  });

  test.runIf(hasStrace)("the disk fails", () => {
    const path = join(tempFolder(), "j");
    const failing = (call: string) => [
      "strace",
      "-f",
      "-qq",
      "-o",
      "/dev/null",
      "-e",
      `inject=${call}:error=EIO:when=40+`,
    ];
    expect(lifeIn(failing("pwrite64"), path, 1000)).toMatch(/^JOURNAL_WRITE_FAILED .*the disk failed/);
    const before = countsOf(path);
    expect(before[0]).toBeGreaterThan(0);
    expect(lifeIn([], path, 3)).toBe("ok");
    expect(countsOf(path)[0]).toBe(before[0] + 3);
    const durable = join(tempFolder(), "j");
    expect(lifeIn(failing("fdatasync"), durable, 1000, "power-loss")).toMatch(
      /^JOURNAL_WRITE_FAILED .*the disk failed/,
    );
    expect(lifeIn([], durable, 3)).toBe("ok");
  });
});

/** A process that has a journal until its input ends. */
function holder(prefix: readonly string[], journal: string): ChildProcess {
  const [command = "", ...args] = [...prefix, ...NODE, LIFE, journal, "1", "hold"];
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "inherit"],
    timeout: DEADLINE,
    killSignal: "SIGKILL",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [text] = (await once(child.stdout as NodeJS.EventEmitter, "data")) as [Buffer];
  return text.toString().split("\n", 1)[0] ?? "";
}

describe("Several owners of a journal", () => {
  test("several processes start with one journal", async () => {
    const path = join(tempFolder(), "j");
    for (let round = 0; round < 3; round++) {
      const children = Array.from({ length: 4 }, () => holder([], path));
      const lines = await Promise.all(children.map(firstLine));
      expect(lines.filter((line) => line === "open")).toEqual(["open"]);
      expect(lines.filter((line) => line.startsWith("JOURNAL_IN_USE")).length).toBe(3);
      // Each second one is killed, so that the others find its lock.
      for (const child of children) if (round === 1) child.kill("SIGKILL");
      const ends = children.map(
        async (child) => child.exitCode ?? child.signalCode ?? (await once(child, "exit")),
      );
      for (const child of children) child.stdin?.end();
      await Promise.all(ends);
    }
    expect(countsOf(path)).toEqual([2, 2, 0]);
  });

  test.runIf(hasHosts)("several hosts start with one journal", async () => {
    const folder = tempFolder();
    const path = join(folder, "j");
    writeFileSync(join(folder, "machine"), "");
    /** A host with a name, started at another time than others, without an id of the machine. */
    const host = (name: string, boot: string) => {
      writeFileSync(join(folder, boot), `${boot}\n`);
      const script = `hostname "$1"; mount --bind "$2/$3" /proc/sys/kernel/random/boot_id; mount --bind "$2/machine" /etc/machine-id; shift 3; exec "$@"`;
      const spaces = ["--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
      return ["unshare", ...spaces, "sh", "-c", script, "sh", name, folder, boot];
    };
    const first = holder(host("one", "boot-1"), path);
    expect(await firstLine(first)).toBe("open");
    expect(lifeIn(host("one", "boot-2"), path, 1)).toMatch(/^JOURNAL_IN_USE .*in use by process 1 on one\. /);
    expect(lifeIn(host("two", "boot-2"), path, 1)).toMatch(
      /^JOURNAL_IN_USE .*on one, another machine than this one \(two\)/,
    );
    expect(lifeIn(host("other", "boot-1"), path, 1)).toMatch(
      /^JOURNAL_IN_USE .*in use by process 1 on one\. /,
    );
    first.kill("SIGKILL");
    await once(first, "exit");
    expect(lifeIn(host("two", "boot-2"), path, 1)).toMatch(/^JOURNAL_IN_USE/);
    expect(lifeIn(host("one", "boot-2"), path, 1)).toBe("ok"); // restarted
  });
});

/** Starts a run of numbers whose sink has each once. */
function startRun(folder: string, items: number): TestProcess {
  return new TestProcess([process.execPath, RUN, join(folder, "j"), join(folder, "sink"), String(items)]);
}

function expectOnce(sink: string, items: number): void {
  const numbers = readFileSync(sink, "latin1")
    .trimEnd()
    .split("\n")
    .map((line) => Number(line.split(" ")[1]));
  expect(numbers.length).toBe(items);
  expect(new Set(numbers).size).toBe(items);
}

/** Waits until a run has collected items. */
async function collected(folder: string, items: number): Promise<void> {
  await expect
    .poll(() => (existsSync(join(folder, "sink")) ? statSync(join(folder, "sink")).size : 0), {
      timeout: 20_000,
      interval: 1,
    })
    .toBeGreaterThan(items * 25);
}

describe("A run whose journal is abused", () => {
  const ITEMS = 30_000;

  test("a run whose journal was removed while it went on is killed, and goes on", async () => {
    const folder = tempFolder();
    const first = startRun(folder, ITEMS);
    await collected(folder, 500);
    rmSync(join(folder, "j"));
    await expect.poll(() => existsSync(join(folder, "j")), { timeout: 10_000, interval: 1 }).toBe(true);
    await expect.poll(() => first.errors).toContain("it was written anew");
    first.kill("SIGKILL");
    await first.exited;
    const before = readJournal(join(folder, "j")).tasks.numbers?.acked ?? 0;
    expect(before).toBeGreaterThan(100);
    const summary = await startRun(folder, ITEMS).outcome();
    expect(summary).toMatchObject({ status: "complete", tasks: { numbers: { items: ITEMS, acked: ITEMS } } });
    expectOnce(join(folder, "sink"), ITEMS);
  });

  test("a killed run is refused with an older copy of its journal, and goes on with the latest", async () => {
    const folder = tempFolder();
    const path = join(folder, "j");
    const first = startRun(folder, ITEMS);
    await collected(folder, 200);
    copyFileSync(path, `${path}.old`);
    await collected(folder, 1500);
    first.kill("SIGKILL");
    await first.exited;
    copyFileSync(path, `${path}.latest`);
    copyFileSync(`${path}.old`, path);
    const refused = startRun(folder, ITEMS);
    await refused.exited;
    expect(refused.errors).toMatch(/JOURNAL_DAMAGED/);
    expect(refused.errors).toMatch(/was cut by \d+ bytes, or replaced by an older copy/);
    copyFileSync(`${path}.latest`, path);
    expect(await startRun(folder, ITEMS).outcome()).toMatchObject({ status: "complete" });
    expectOnce(join(folder, "sink"), ITEMS);
  });
});
