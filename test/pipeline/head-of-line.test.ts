// Inputs that take long, and what stands behind them.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, vi } from "vitest";
import { createPool, map } from "zmqpipeline";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const MODULE = new URL("../fixtures/long-items.mjs", import.meta.url);

long.each([
  ["that block their processes", { workers: 3, exportName: "blocks" }, [150, 151]],
  ["that block their threads", { threads: 3, exportName: "blocks" }, [150, 151]],
  ["that block after an await", { workers: 2, concurrency: 8, exportName: "blocksLater" }, [20]],
] as const)("Inputs %s for ever keep no other input", async (_how, options, blocking) => {
  const release = join(tempFolder(), "release");
  onTestFinished(() => writeFileSync(release, ""));
  const total = 300;
  const inputs = Array.from({ length: total }, (_, n) =>
    (blocking as readonly number[]).includes(n) ? { n, release } : { n },
  );
  const results: unknown[] = [];
  for await (const n of map(inputs, MODULE, { ...options, ordered: false })) {
    results.push(n);
    if (results.length < total - blocking.length) continue;
    // All others are there; only now the long ones may end.
    if (!existsSync(release)) {
      const begun = readFileSync(`${release}.begun`, "utf8").trim().split("\n").map(Number);
      expect(begun.sort((a, b) => a - b)).toEqual([...blocking]);
    }
    writeFileSync(release, "");
  }
  expect(results.slice(-blocking.length).sort()).toEqual([...blocking]);
  expect(new Set(results).size).toBe(total);
});

long.each([
  [{ workers: 1 }, 1],
  [{ workers: 1, concurrency: 1 }, 0],
  [{ workers: 1, concurrency: 10 }, 0],
] as const)(
  "A handler that only awaits is worth a hint, unless concurrency is set (%j)",
  async (options, hints) => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const inputs = Array.from({ length: 40 }, (_, n) => n);
    await map(inputs, MODULE, { ...options, exportName: "waits" }).toArray();
    const said = warn.mock.calls
      .map(([text]) => String(text))
      .filter((text) => text.includes("set concurrency"));
    expect(said).toHaveLength(hints);
    for (const text of said) expect(text).toContain("long-items.mjs");
  },
);

long("A pool gives the hint when inputs wait, and none while they come one by one", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const hints = () => warn.mock.calls.filter(([text]) => String(text).includes("set concurrency")).length;
  await using pool = createPool(MODULE, { workers: 1, exportName: "waits" });
  for (let n = 0; n < 30; n++) await pool.run(n);
  expect(hints()).toBe(0);
  await Promise.all(Array.from({ length: 60 }, (_, n) => pool.run(n)));
  expect(hints()).toBe(1);
});
