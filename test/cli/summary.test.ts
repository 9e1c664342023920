import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
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

long("A summary of 1000 failures of as many kinds", async () => {
  const { code, out, err } = await runFailing(1000, "--json", "--quiet");
  expect(err).not.toContain("Maximum call stack");
  expect(code).toBe(3);
  const { status, tasks, failures } = JSON.parse(out);
  expect(err).toBe(""); // the JSON has it
  expect(status).toBe("complete");
  expect(tasks.check.failed).toBe(1000);
  expect(failures.reduce((sum: number, group: { count: number }) => sum + group.count, 0)).toBe(1000);
});

long("A summary in words groups failures by the line of the user's code, and has them last", async () => {
  const { out, err, code } = await runFailing(25);
  expect(code).toBe(3);
  expect(out).toMatch(
    /^ {2}failed 25 times in check: item # is wrong\n {4}at \S+ \(.*w\.mjs:1:\d+\)\n {4}[0-9a-f]+\/check\/\d+ {2}\{"n":\d+\} {2}item \d+ is wrong\n {4}.*\n {4}.*\n {4}and 22 more\n {2}to keep all failed items, use a journal: --journal FILE\n$/m,
  );
  // The first of them is told while the run goes on.
  expect(err.match(/item failed id=/g)).toHaveLength(1);
});

long("What failed is told at the end of a run with --quiet, and nothing else", async () => {
  const { out, err, code } = await runFailing(25, "--quiet");
  expect(code).toBe(3);
  expect(out).toBe("");
  expect(err).toMatch(
    /^ {2}failed 25 times in check: item # is wrong\n {4}at .*w\.mjs:1:\d+\)\n(.*\n){3} {4}and 22 more\n {2}to keep all failed items, use a journal: --journal FILE\n$/,
  );
});
