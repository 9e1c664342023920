import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROLES, SUM, TYPED_ROLES } from "../support/cli-fixtures.ts";
import { zmqpipeline } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

describe("The command run", () => {
  test("executes what a TypeScript file exports, and writes a summary", async () => {
    const { code, out, err } = await zmqpipeline(["run", TYPED_ROLES, "--workers", "2"]);
    expect(out).toContain(`sum ${SUM}\n`);
    expect(out).toMatch(
      /^complete in .*\n {2}square: 200 items, 200 collected, 0 failed, 0 retried, [\d,]+\/s\n {2}an item took /m,
    );
    expect(err).toMatch(/^square {2}200\/200 \(100 %\) {2}done {2}\d+:\d\d$/m);
    expect(code).toBe(0);
  });

  long("says what failed, keeps failed items in the journal, and executes them again", async () => {
    const journal = join(tempFolder(), "run.journal");
    const first = await zmqpipeline(["run", ROLES, "-w", "1", "-j", journal], { UNLUCKY: "50" });
    expect(first.code).toBe(3);
    expect(first.out).toMatch(
      /failed 4 times in square: RangeError: unlucky\n {4}at .*\n {4}[0-9a-f]+\/square\/49 {2}\{"n":50\}\n/,
    );
    expect(first.out).toContain(`zmqpipeline journal failed ${journal}`);

    const failed = await zmqpipeline(["journal", "failed", journal, "--json"]);
    const failures = failed.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(failures.map(({ data }) => data.n)).toEqual([50, 100, 150, 200]);
    expect(failures[0]).toMatchObject({
      schema: 1,
      taskType: "square",
      error: { name: "RangeError", message: "unlucky" },
    });
    expect(failures[0].error.stack).toMatch(/^RangeError: unlucky(\n {4}at .*\bcli-roles\b.*)+$/);
    const grouped = await zmqpipeline(["journal", "failed", journal]);
    expect(grouped.out).toMatch(
      /^failed 4 times in square: RangeError: unlucky\n {2}at .*\n {2}[0-9a-f]+\/square\/49 {2}\{"n":50\}\n.*\n.*\n {2}and 1 more\nlist all failures: zmqpipeline journal failed \S+ --json\n$/,
    );
    expect((await zmqpipeline(["journal", "show", journal])).out).toMatch(
      /complete\n {2}square: 200 items, 196 collected, 4 failed, 0 pending/,
    );

    expect((await zmqpipeline(["journal", "retry", journal])).out).toMatch(/^4 items will be executed again/);
    expect((await zmqpipeline(["journal", "show", journal, "--json"])).out).toMatch(
      /"isComplete":false.*"pending":4/,
    );
    const second = await zmqpipeline(["run", ROLES, "-w", "1", "-j", journal, "--json", "--quiet"]);
    expect(second.code).toBe(0);
    expect(second.err).toBe("");
    const [sum, json = ""] = second.out.trim().split("\n");
    expect(sum).toBe(`sum ${2 * (50 ** 2 + 100 ** 2 + 150 ** 2 + 200 ** 2)}`); // what the second run collected
    expect(JSON.parse(json)).toMatchObject({
      schema: 1,
      status: "complete",
      tasks: { square: { items: 200, acked: 200, failed: 0 } },
      durations: { p50: expect.any(Number), p95: expect.any(Number), max: expect.any(Number) },
      failures: [],
    });
  });

  long("ends at a limit of failures", async () => {
    const { code, err } = await zmqpipeline(["run", ROLES, "-w", "1", "--max-failures", "2"], {
      UNLUCKY: "10",
    });
    expect(err).toContain("TOO_MANY_FAILURES");
    // What failed is told, although there is no summary.
    expect(err).toMatch(/^ {2}failed \d+ times in square: RangeError: unlucky$/m);
    expect(code).toBe(4);
  });

  long("ends at the first failure with --max-failures 0, and refuses what is no number", async () => {
    const { code, err } = await zmqpipeline(["run", ROLES, "-w", "1", "--max-failures", "0"], {
      UNLUCKY: "200",
    });
    expect(err).toContain("1 item failed for good, which is more than maxFailures 0 allows");
    expect(code).toBe(4);
    for (const text of ["-1", ""])
      expect(await zmqpipeline(["run", ROLES, "--max-failures", text])).toMatchObject({
        code: 2,
        err: expect.stringContaining("It must be a whole number, at least 0."),
      });
  });

  long("trusts those that were given the items with --trust assigned, and refuses another word", async () => {
    const { code, out } = await zmqpipeline(["run", ROLES, "-w", "1", "--trust", "assigned", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out.slice(out.indexOf("{")))).toMatchObject({ status: "complete" });
    expect(await zmqpipeline(["run", ROLES, "--trust", "all"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("Allowed choices are any, assigned."),
    });
  });

  long("takes a default export too, and writes its workers' output with the worker's number", async () => {
    const folder = tempFolder();
    const library = new URL("../../dist/index.js", import.meta.url).href;
    const worker = new URL("../fixtures/local-worker.mjs", import.meta.url).href;
    const file = join(folder, "pipeline.mjs");
    const content = `import { TaskType } from "${library}";
      export default {
        tasks: [{ taskType: TaskType.register("talk"), items: [{ n: 1 }, { n: 2 }] }],
        workers: { module: "${worker}", exportName: "talks", count: 1 },
        collector: () => {},
      };`;
    writeFileSync(file, content);
    const { code, err } = await zmqpipeline(["run", file]);
    expect(err).toMatch(/^\[worker 1\] out 1$/m);
    expect(code).toBe(0);
    writeFileSync(file, content.replace("talks", "missing"));
    expect(await zmqpipeline(["run", file])).toMatchObject({
      code: 2,
      err: expect.stringContaining('must export a function or a worker class named "missing"'),
    });
  });

  long("ends with exit code 2 on wrong use", async () => {
    const empty = join(tempFolder(), "empty.mjs");
    writeFileSync(empty, "export const nothing = 1;");
    expect(await zmqpipeline(["run", empty])).toMatchObject({
      code: 2,
      err: expect.stringContaining("must export tasks"),
    });
    expect(await zmqpipeline(["run", "missing.js"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("There is no file"),
    });
    expect(await zmqpipeline(["run", ROLES, "--workers", "-1"])).toMatchObject({ code: 2 });
    expect(await zmqpipeline(["collector", empty])).toMatchObject({
      code: 2,
      err: expect.stringContaining("exports none"),
    });
  });
});
