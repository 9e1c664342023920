import { once } from "node:events";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { EndpointAddress, Service } from "zmqpipeline";
import { ended, LIBRARY, startCommand, zmqpipeline } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long, longOnLinux } from "../support/long.ts";

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

long("A run whose standard error is closed goes on to its end", async () => {
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

longOnLinux("A full disk behind standard output is an error of the command", async () => {
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

/** The endpoint of a service without workers, which lives until the test ends. */
async function serviceEndpoint(): Promise<string> {
  const [front, back] = ["front", "back"].map((name) => `ipc://${join(tempFolder(), name)}`) as [
    string,
    string,
  ];
  const [frontendEndpoint, backendEndpoint] = [new EndpointAddress(front), new EndpointAddress(back)];
  const service = new Service({ frontendEndpoint, backendEndpoint });
  const done = service.run();
  onTestFinished(async () => {
    await service.stop({ timeout: 0 });
    await done;
  });
  return front;
}

const OTHERS: readonly (readonly [name: string, args: (folder: string) => Promise<readonly string[]>])[] = [
  ["keys init", async (folder) => ["keys", "init", join(folder, "keys")]],
  ["keys add", async (folder) => ["keys", "add", "worker", "w2", "--keys", await keysIn(folder)]],
  ["keys list", async (folder) => ["keys", "list", "--keys", await keysIn(folder)]],
  ["keys revoke", async (folder) => ["keys", "revoke", "worker", "default", "--keys", await keysIn(folder)]],
  ["doctor", async () => ["doctor"]],
  ["init", async (folder) => ["init", join(folder, "new")]],
  ["bench", async () => ["bench", "--seconds", "1", "--workers", "1"]],
  ["status", async () => ["status", await serviceEndpoint()]],
  ["status --json", async () => ["status", await serviceEndpoint(), "--json"]],
  ["explain", async () => ["explain", await serviceEndpoint(), "nothing"]],
  ["top", async () => ["top", await serviceEndpoint(), "--interval", "0.2"]],
  ["journal show", async (folder) => ["journal", "show", join(folder, "missing")]],
  ["--help", async () => ["--help"]],
  ["an unknown command", async () => ["nonsense"]],
  ["worker of a missing file", async (folder) => ["worker", join(folder, "missing.mjs")]],
];

describe.each(OTHERS)("The command %s", (_name, argsIn) => {
  long.each([
    ["output", 1],
    ["error", 2],
  ] as const)(
    "leaves no trace of an exception when its standard %s is closed at once",
    async (_stream, closed) => {
      const args = await argsIn(tempFolder());
      const child = startCommand(args);
      const outcome = ended(child);
      // `top` goes on for ever while somebody reads it.
      if (args[0] === "top" && closed === 2) child.stdout?.once("data", () => child.kill("SIGINT"));
      (closed === 1 ? child.stdout : child.stderr)?.destroy();
      const { code, signal, out, err } = await outcome;
      expect(`${out}${err}`).not.toMatch(/EPIPE|Unhandled|node:|^\s+at /m);
      expect(signal).toBe(null);
      expect(code).not.toBe(null);
    },
  );
});

async function keysIn(folder: string): Promise<string> {
  const keys = join(folder, "keys");
  expect((await zmqpipeline(["keys", "init", keys])).code).toBe(0);
  return keys;
}
