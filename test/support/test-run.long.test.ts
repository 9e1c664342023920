import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { tempFolder } from "./endpoints.ts";
import { isAlive } from "./orphans.ts";

const VITEST = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const CONFIG = fileURLToPath(new URL("../fixtures/killed-run.config.ts", import.meta.url));

test.skipIf(process.platform !== "linux").each(["SIGKILL", "SIGTERM", "SIGINT"] as const)(
  "A test run that ends by %s leaves no process behind",
  async (signal) => {
    const file = join(tempFolder(), "pids");
    const run = spawn(process.execPath, [VITEST, "run", "--config", CONFIG], {
      env: { ...process.env, PIDS_FILE: file },
      stdio: "ignore",
    });
    onTestFinished(() => void run.kill("SIGKILL"));
    const exited = once(run, "exit");
    const pids = () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : []);
    await expect.poll(() => pids().length, { timeout: 50_000 }).toBe(4);
    expect(pids().filter(isAlive)).toEqual(pids());
    run.kill(signal);
    await exited;
    await expect.poll(() => pids().filter(isAlive)).toEqual([]);
  },
);
