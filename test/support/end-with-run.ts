import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";

const REAPER = fileURLToPath(new URL("./reaper.mjs", import.meta.url));

/** Vitest calls this before its workers start: no process that a test has started outlives the run, however the run ends. */
export default function endWithRun(): void {
  if (process.platform !== "linux") return; // the reaper reads /proc
  const run = randomUUID();
  const { ZMQPIPELINE_TEST_RUN: _, ...env } = process.env;
  // The reaper has a session of its own, so that Ctrl-C in the terminal does not end it. Its input ends when this process does.
  const reaper = spawn(process.execPath, [REAPER, run], {
    detached: true,
    env,
    stdio: ["pipe", "ignore", "ignore"],
  });
  reaper.unref();
  (reaper.stdin as unknown as { unref(): void }).unref();
  // All processes that the run starts inherit the variable.
  process.env.ZMQPIPELINE_TEST_RUN = run;
}
