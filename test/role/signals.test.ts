import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("../fixtures/signalled-run.mjs", import.meta.url));

/** Starts the program, and reads its lines. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
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
    const { child, exited, line } = start();
    expect(await line()).toBe("working");
    child.kill(signal);
    child.kill(signal); // an echo, as npm sends one
    expect(await line()).toBe("distributor stopped, collector stopped, listeners 0");
    expect(await exited).toEqual([code, null]);
  },
);

test("run({ signals: true }): a second signal ends the process at once", async () => {
  const { child, exited, line } = start("stuck");
  expect(await line()).toBe("working");
  const timer = setInterval(() => child.kill("SIGINT"), 100); // signals that are apart, until one ends the process
  onTestFinished(() => clearInterval(timer));
  expect(await exited).toEqual([null, "SIGINT"]);
});
