import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { long } from "../support/long.ts";

/** Starts a program, and reads its lines. */
function start(program: "signalled-run" | "signalled-others", ...args: string[]) {
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
