import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { ended, startCommand, zmqpipeline } from "../../support/command.ts";
import { tempFolder } from "../../support/endpoints.ts";

/** Writes a run's file. @param items - How many items it has. @param code - What the worker's file does first. */
function fileOf(items: number, code = ""): string {
  const folder = tempFolder();
  const worker = join(folder, "worker.mjs");
  const file = join(folder, "run.mjs");
  writeFileSync(
    worker,
    `${code} export default ({ n }) => new Promise((r) => setTimeout(() => r({ n }), 20));`,
  );
  writeFileSync(
    file,
    `export default { tasks: [{ taskType: "chaos", items: Array.from({ length: ${items} }, (_, n) => ({ n })) }],
       workers: { module: ${JSON.stringify(pathToFileURL(worker).href)}, count: 2 }, collector: () => {} };`,
  );
  return file;
}

describe("zmqpipeline chaos", () => {
  test("collects every item once while processes are killed and stopped", async () => {
    const { code, out } = await zmqpipeline([
      "chaos",
      fileOf(300),
      "--seed",
      "1",
      "--every",
      "300",
      "--json",
    ]);
    const verdict = JSON.parse(out) as { faults: Record<string, number> };
    expect(verdict).toMatchObject({ ok: true, seed: 1, collected: 300, failed: 0, problems: [] });
    expect(Object.values(verdict.faults).some((times) => times > 0)).toBe(true);
    expect(code).toBe(0);
  });

  test("says that a run was too short for faults", async () => {
    const args = ["chaos", fileOf(2), "--seed", "1", "--every", "60000"];
    const { code, out } = await zmqpipeline(args);
    expect(out).toContain("no fault happened");
    expect(code).toBe(1);
  });

  test("refuses a run that does not end in time, and wrong use", async () => {
    const { code, out } = await zmqpipeline(["chaos", fileOf(5000), "--seed", "1", "--timeout", "1500"]);
    expect(out).toContain("it had not ended within 1500 ms (--timeout)");
    expect(code).toBe(1);
    expect((await zmqpipeline(["chaos", "run.mjs"])).code).toBe(2);
  });

  test("refuses a file that cannot be run, with the run's own message", async () => {
    const file = join(tempFolder(), "run.mjs");
    writeFileSync(
      file,
      "export default { tasks: [{ taskType: 'a', items: [1] }], workers: { command: ['true'] } };",
    );
    const { code, out, err } = await zmqpipeline(["chaos", file, "--seed", "1"]);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toContain("collector must be a Collector, its class, or a function");
  });

  test("ends with all its processes at Ctrl-C, and removes its folder", async () => {
    const [folder, temporary] = [tempFolder(), tempFolder()];
    const pids = join(folder, "pids");
    const file = fileOf(
      100_000,
      `import { appendFileSync } from "node:fs"; appendFileSync(${JSON.stringify(pids)}, process.pid + " ");`,
    );
    const chaos = startCommand(["chaos", file, "--seed", "1"], undefined, { TMPDIR: temporary });
    const end = ended(chaos);
    const workers = await vi.waitFor(() => readFileSync(pids, "utf8").trim().split(" ").map(Number), 20_000);
    chaos.kill("SIGINT");
    const { code, out } = await end;
    expect(code).toBe(130);
    expect(out).toContain("it was interrupted by SIGINT");
    await vi.waitFor(() => {
      for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    }, 20_000);
    expect(readdirSync(temporary).filter((name) => name.startsWith("zmqpipeline-chaos"))).toEqual([]);
  });

  test("removes what a chaos command has left that was killed, whose run has ended with it", async () => {
    const temporary = tempFolder();
    const left = () => readdirSync(temporary).filter((name) => name.startsWith("zmqpipeline-chaos"));
    const env = { TMPDIR: temporary };
    const pids = join(tempFolder(), "pids");
    const note = `import { appendFileSync } from "node:fs"; appendFileSync(${JSON.stringify(pids)}, process.pid + " ");`;
    const killed = startCommand(["chaos", fileOf(100_000, note), "--seed", "1"], undefined, env);
    const end = ended(killed);
    const workers = await vi.waitFor(() => readFileSync(pids, "utf8").trim().split(" ").map(Number), 20_000);
    killed.kill("SIGKILL");
    await end;
    expect(left()).toHaveLength(1);
    await vi.waitFor(() => {
      for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    }, 20_000);
    await zmqpipeline(["chaos", fileOf(2), "--seed", "1", "--every", "60000"], env);
    expect(left()).toEqual([]);
  });
});
