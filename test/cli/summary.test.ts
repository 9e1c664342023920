import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ended, LIBRARY, startCommand } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

/** Runs `count` items, of which each fails with a message of its own. */
async function runFailing(count: number, ...args: string[]) {
  const folder = tempFolder();
  writeFileSync(
    join(folder, "w.mjs"),
    "export default ({ n }) => { throw new Error('item ' + n + ' is wrong'); };",
  );
  const file = join(folder, "run.mjs");
  writeFileSync(
    file,
    `import { TaskType } from "${LIBRARY}";
    export default {
      tasks: [{
        taskType: TaskType.register("check"),
        items: Array.from({ length: ${count} }, (_, n) => ({ n })),
        retry: { attempts: 1 },
      }],
      workers: { module: new URL("./w.mjs", import.meta.url), count: 1 },
      collector: () => {},
    };`,
  );
  return await ended(startCommand(["run", file, ...args]));
}

long.each([21, 1000])("A summary of %i failures with different messages", async (count) => {
  const { code, out, err } = await runFailing(count, "--json", "--quiet");
  expect(err).not.toContain("Maximum call stack");
  expect(code).toBe(3);
  const { status, tasks, failures } = JSON.parse(out);
  expect(status).toBe("complete");
  expect(tasks.check.failed).toBe(count);
  expect(failures.length).toBe(Math.min(count, 21));
  expect(failures.reduce((sum: number, group: { count: number }) => sum + group.count, 0)).toBe(count);
});

test("A summary in words says how many other failures there were", async () => {
  const { out, code } = await runFailing(25);
  expect(code).toBe(3);
  expect(out.match(/^ {2}failed once in check: item \d+ is wrong$/gm)).toHaveLength(20);
  expect(out).toMatch(
    /^ {2}failed 5 times: other failures\n {4}first: [0-9a-f]+\/check\/\d+\n {2}to keep all failed items/m,
  );
});
