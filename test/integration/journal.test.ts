import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { type CollectorSummary, type RunSummary, readJournal } from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";
import { RoleProcess } from "../support/processes.ts";

/** How often each number is in a file. */
function counts(file: string): Map<number, number> {
  const found = new Map<number, number>();
  for (const line of readFileSync(file, "utf8").trim().split("\n"))
    found.set(Number(line), (found.get(Number(line)) ?? 0) + 1);
  return found;
}

long.each(["power-loss"] as const)(
  "A distributor killed twice goes on with its journal (%s), loses and repeats no item, and keeps its workers and collector",
  async (durability) => {
    const endpoints = await freshEndpoints("tcp");
    const folder = tempFolder();
    const log = join(folder, "collected");
    const executed = [join(folder, "a"), join(folder, "b")];
    const journal = { path: join(folder, "run.journal"), durability };
    const items = 2000;
    const collector = new RoleProcess({ role: "collector", endpoints, log });
    const workers = executed.map((log) => new RoleProcess({ role: "worker", endpoints, sleep: 1, log }));
    for (let life = 0; life < 2; life++) {
      const distributor = new RoleProcess({ role: "distributor", endpoints, items, journal });
      if (life === 0) await Promise.all(workers.map((worker) => worker.printed("working")));
      await distributor.printed("started");
      await sleep(700);
      distributor.kill("SIGKILL");
    }
    const before = readJournal(journal.path).tasks.numbers;
    expect(before?.acked).toBeGreaterThan(0);
    expect(before?.acked).toBeLessThan(items);
    const last = new RoleProcess({ role: "distributor", endpoints, items, journal });
    const summary = await last.outcome<RunSummary>();
    expect(summary.tasks.numbers).toMatchObject({ items, acked: items, failed: 0 });
    expect(await collector.outcome<CollectorSummary>()).toMatchObject({ collected: items, failed: 0 });
    await Promise.all(workers.map((worker) => worker.outcome()));
    const collected = counts(log);
    expect(collected.size).toBe(items);
    expect([...collected.values()].every((times) => times === 1)).toBe(true);
    // The workers were alive all the time and kept what they had: nothing was executed again.
    const all = executed.flatMap((file) => readFileSync(file, "utf8").trim().split("\n"));
    expect(new Set(all).size).toBe(items);
    expect(all.length).toBe(items);
    expect(readJournal(journal.path)).toMatchObject({ isComplete: true, torn: 0, failures: [] });
    expect(statSync(journal.path).mode & 0o777).toBe(0o600);
  },
);
