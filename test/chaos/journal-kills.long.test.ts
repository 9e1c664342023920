import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { readJournal } from "../../src/index.ts";
import { tempFolder } from "../support/endpoints.ts";
import { isFull } from "./chaos-run.ts";

const KILLS = isFull ? 100 : 6;
const ITEMS = KILLS * 2000;
const PROGRAM = fileURLToPath(new URL("../fixtures/journal-run.mjs", import.meta.url));

/** Runs a process, and kills it `ms` after the run has begun. */
async function life(args: readonly string[], killAfter?: number): Promise<number | null> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 60_000,
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  child.stdout.resume();
  if (killAfter !== undefined) {
    await sleep(killAfter);
    child.kill("SIGKILL");
  }
  await exited;
  return child.exitCode;
}

test(`A run killed at ${KILLS} random moments never damages its journal, and has every item collected once`, {
  timeout: isFull ? 240_000 : 60_000,
}, async () => {
  const folder = tempFolder();
  const [journal, sink] = [join(folder, "run.journal"), join(folder, "sink")];
  const args = [journal, sink, String(ITEMS)];
  let acked = 0;
  let kills = 0;
  for (; kills < KILLS; kills++) {
    if ((await life(args, Math.random() * 120)) === 0) break;
    if (!existsSync(journal)) continue; // the process died before it made the journal
    const now = readJournal(journal).tasks.numbers?.acked ?? 0;
    expect(now).toBeGreaterThanOrEqual(acked);
    acked = now;
    // Every item that the journal has as ACKed is in the sink.
    const lines = existsSync(sink) ? readFileSync(sink, "latin1").split("\n").length - 1 : 0;
    expect(lines).toBeGreaterThanOrEqual(acked);
  }
  expect(kills).toBeGreaterThan(KILLS / 2);
  expect(await life(args)).toBe(0);
  const { runId, isComplete } = readJournal(journal);
  expect(isComplete).toBe(true);
  const lines = readFileSync(sink, "utf8").trimEnd().split("\n");
  expect(lines.length).toBe(ITEMS);
  const expected = new Set(Array.from({ length: ITEMS }, (_, n) => `${runId}/numbers/${n} ${n}`));
  expect(lines.every((line) => expected.delete(line))).toBe(true);
  expect(expected.size).toBe(0);
});
