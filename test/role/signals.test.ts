import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import type { CollectorSummary, RunSummary } from "../../src/index.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

/** Starts a program, and reads its lines. */
function start(program: "signalled-run" | "signalled-others" | "signalled-role", ...args: string[]) {
  const file = fileURLToPath(new URL(`../fixtures/${program}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, exited, line: async () => (await lines.next()).value as string | undefined };
}

type Started = ReturnType<typeof start>;

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "run({ signals: true }): %s ends all roles in order, and the exit code is %i",
  async (signal, code) => {
    const { child, exited, line } = start("signalled-run");
    expect(await line()).toBe("working");
    child.kill(signal);
    child.kill(signal); // an echo, as npm sends one
    expect(await line()).toBe("distributor stopped, collector stopped, listeners 0");
    expect(await exited).toEqual([code, null]);
  },
);

test("run({ signals: true }): a second signal ends the process at once", async () => {
  const { child, exited, line } = start("signalled-run", "stuck");
  expect(await line()).toBe("working");
  const timer = setInterval(() => child.kill("SIGINT"), 100); // signals that are apart, until one ends the process
  onTestFinished(() => clearInterval(timer));
  expect(await exited).toEqual([null, "SIGINT"]);
});

long("run({ signals: true }) of a Pipeline: Ctrl-C stops it, and its workers end with it", async () => {
  const { child, exited, line } = start("signalled-others", "pipeline");
  expect(await line()).toBe("working");
  child.kill("SIGINT");
  expect(await line()).toBe("pipeline stopped, listeners 0");
  expect(await exited).toEqual([130, null]);
});

test("run({ signals: true }) of a Service: Ctrl-C lets it answer what is under way, and ends its workers", async () => {
  const { child, exited, line } = start("signalled-others", "service");
  expect(await line()).toBe("working");
  child.kill("SIGINT");
  expect(await line()).toBe("what was under way is answered, replied 1, listeners 0");
  expect(await exited).toEqual([130, null]);
});

/** The three processes of a run whose items take `ms` each; the collector has said that it works. */
async function wholeRun(ms: number, stopTimeoutMs = 60_000) {
  const folder = tempFolder();
  const args = [folder, String(ms), String(stopTimeoutMs)];
  const [distributor, worker, collector] = ["distributor", "worker", "collector"].map((role) =>
    start("signalled-role", role, ...args),
  ) as [Started, Started, Started];
  expect(await collector.line()).toBe("working");
  return { distributor, worker, collector };
}

describe("run({ signals: true }): a signal to", () => {
  long.each([5, 900])(
    "all processes of a run with items of %i ms ends it in order, and what is under way is collected",
    async (ms) => {
      const { distributor, worker, collector } = await wholeRun(ms);
      // The collector first: if it ended at once, the others would wait for a minute for what it does not acknowledge.
      for (const { child } of [collector, worker, distributor]) child.kill("SIGINT");
      const run = JSON.parse((await distributor.line()) ?? "") as RunSummary;
      const collected = JSON.parse((await collector.line()) ?? "") as CollectorSummary;
      expect([run.status, collected.status]).toEqual(["stopped", "stopped"]);
      expect(run.tasks.signalled?.acked).toBe(collected.collected);
      for (const { exited } of [collector, worker, distributor]) expect(await exited).toEqual([130, null]);
    },
  );

  long("a collector alone ends it after its stopTimeout, although its run goes on", async () => {
    const { distributor, collector } = await wholeRun(5, 300);
    collector.child.kill("SIGINT");
    expect(JSON.parse((await collector.line()) ?? "")).toMatchObject({ status: "stopped" });
    expect(await collector.exited).toEqual([130, null]);
    expect(distributor.child.exitCode).toBeNull();
  });
});
