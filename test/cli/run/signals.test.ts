import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ended, startCommand } from "../../support/command.ts";
import { tempFolder } from "../../support/endpoints.ts";

describe("The command run", () => {
  /** Starts a run of items that take `ms` each, and waits for its first item. */
  async function working(ms: number) {
    const file = join(tempFolder(), "pipeline.mjs");
    const library = new URL("../../../dist/index.js", import.meta.url).href;
    const worker = new URL("../../fixtures/local-worker.mjs", import.meta.url).href;
    writeFileSync(
      file,
      `import { TaskType } from "${library}";
      function* items() { for (let n = 0; ; n++) yield { n, ms: ${ms} }; }
      export default {
        tasks: [{ taskType: TaskType.register("wait"), items }],
        workers: { module: "${worker}", exportName: "waits", count: 1 },
        collector: () => {},
      };`,
    );
    const child = startCommand(["run", file]);
    const outcome = ended(child);
    const [line] = await once(child.stderr ?? child, "data");
    return { child, outcome, worker: Number(/began (\d+)/.exec(String(line))?.[1]) };
  }

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("lets running items finish after the first %s", async (signal, code) => {
    const { child, outcome } = await working(20);
    child.kill(signal);
    const { code: found, out, err } = await outcome;
    expect(found).toBe(code);
    expect(err).toContain(`${signal}: running work may finish; a second signal ends it at once`);
    const [, items, collected] = /wait: ([\d,]+) items?, ([\d,]+) collected/.exec(out) ?? [];
    expect(items).toBeDefined();
    expect(collected).toBe(items);
  });

  test("ends everything at once after the second signal", async () => {
    const { child, outcome, worker } = await working(60_000);
    child.kill("SIGINT");
    await once(child.stderr ?? child, "data"); // the command reports the signal
    child.kill("SIGINT");
    expect((await outcome).code).toBe(130);
    const isAlive = () => {
      try {
        return process.kill(worker, 0);
      } catch {
        return false;
      }
    };
    await expect.poll(isAlive, { timeout: 5000 }).toBe(false);
  });
});
