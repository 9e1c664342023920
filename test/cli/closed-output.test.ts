import { once } from "node:events";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ended, LIBRARY, startCommand } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

/** A run whose collector and whose workers print a line for each item; of numbers without end, or of `count` numbers. */
function talkativeRun(count = Number.POSITIVE_INFINITY): string {
  const folder = tempFolder();
  writeFileSync(
    join(folder, "w.mjs"),
    `export default async ({ n }) => { console.log("works on", n); await new Promise((done) => setTimeout(done, 5)); return { n }; };`,
  );
  const file = join(folder, "run.mjs");
  writeFileSync(
    file,
    `import { TaskType } from "${LIBRARY}";
    function* items() { for (let n = 0; n < ${count}; n++) yield { n }; }
    export default {
      tasks: [{ taskType: TaskType.register("count"), items }],
      workers: { module: new URL("./w.mjs", import.meta.url), count: 1 },
      collector: ({ n }) => console.log("result", n),
    };`,
  );
  return file;
}

test("A run whose closed standard output takes no more results ends quietly", async () => {
  const child = startCommand(["run", talkativeRun(), "--quiet"]);
  child.stdout?.once("data", () => child.stdout?.destroy());
  const { code, err } = await ended(child);
  expect(err).not.toMatch(/EPIPE|Unhandled|Error/);
  expect(code).toBe(141);
});

test("A run whose standard error is closed goes on to its end", async () => {
  const child = startCommand(["run", talkativeRun(100)]);
  child.stderr?.once("data", () => child.stderr?.destroy());
  const { code, out } = await ended(child);
  expect(out).toMatch(/count: 100 items, 100 collected, 0 failed/);
  expect(code).toBe(0);
});

test("A run whose output and error are both closed leaves no trace of an exception", async () => {
  const child = startCommand(["run", talkativeRun()], ["ignore", "pipe", "pipe"]);
  for (const stream of [child.stdout, child.stderr]) stream?.once("data", () => stream.destroy());
  const [code, signal] = await once(child, "exit");
  expect({ code, signal }).toEqual({ code: 141, signal: null });
});

long("A list of failures that is read in part ends quietly", async () => {
  const folder = tempFolder();
  writeFileSync(
    join(folder, "w.mjs"),
    `export default ({ n }) => { throw new Error("x".repeat(1000) + n); };`,
  );
  const file = join(folder, "run.mjs");
  const journal = join(folder, "run.journal");
  writeFileSync(
    file,
    `import { TaskType } from "${LIBRARY}";
    export default {
      tasks: [{ taskType: TaskType.register("fail"), items: Array.from({ length: 1000 }, (_, n) => ({ n })), retry: { attempts: 1 } }],
      workers: { module: new URL("./w.mjs", import.meta.url), count: 1 },
      collector: () => {},
    };`,
  );
  expect((await ended(startCommand(["run", file, "--quiet", "--journal", journal]))).code).toBe(3);
  for (const args of [
    ["journal", "failed", journal, "--json"],
    ["journal", "failed", journal],
  ]) {
    const child = startCommand(args);
    child.stdout?.once("data", () => child.stdout?.destroy());
    expect(await ended(child)).toMatchObject({ code: 0, err: "" });
  }
});

const onLinux = process.platform === "linux" ? long : test.skip;
onLinux("A full disk behind standard output is an error of the command", async () => {
  const full = openSync("/dev/full", "w");
  try {
    for (const args of [["run", talkativeRun(3), "--quiet", "--json"], ["--help"]]) {
      const { code, err } = await ended(startCommand(args, ["ignore", full, "pipe"]));
      expect(err).toContain("zmqpipeline: standard output cannot be written: ENOSPC");
      expect(err).not.toMatch(/Unhandled|^\s+at /m);
      expect(code).toBe(1);
    }
    const { code, out } = await ended(startCommand(["run", talkativeRun(3)], ["ignore", "pipe", full]));
    expect(out).toMatch(/count: 3 items, 3 collected/);
    expect(code).toBe(0);
  } finally {
    closeSync(full);
  }
});
