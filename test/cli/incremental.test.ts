import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ended, LIBRARY, startCommand } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const WORKER = `import { appendFileSync } from "node:fs";
export default ({ path }) => appendFileSync(new URL("./executed", import.meta.url), path + "\\n");`;

/** A file for `zmqpipeline run`, whose items are the lines of a file beside it. */
const pipeline = (key: string) => `import { readFileSync } from "node:fs";
import { TaskType } from "${LIBRARY}";
const paths = readFileSync(new URL("./paths", import.meta.url), "utf8").trim().split("\\n");
export default {
  tasks: [{ taskType: TaskType.register("read"), items: paths.map((path) => ({ path })), ${key} }],
  workers: { module: new URL("./w.mjs", import.meta.url), count: 1 },
  collector: () => {},
};`;

/** A folder with the pipeline. @returns Runs it over these paths. */
function makeRun(key: string) {
  const folder = tempFolder();
  writeFileSync(join(folder, "w.mjs"), WORKER);
  writeFileSync(join(folder, "executed"), "");
  writeFileSync(join(folder, "run.mjs"), pipeline(key));
  return async (paths: string, ...options: string[]) => {
    writeFileSync(join(folder, "paths"), paths.split(" ").join("\n"));
    const args = ["run", join(folder, "run.mjs"), "--json", "--quiet", ...options];
    const end = await ended(startCommand(args));
    return { ...end, executed: readFileSync(join(folder, "executed"), "utf8").trim().split("\n") };
  };
}

long(
  "The command run --incremental executes only what an earlier run did not, whatever the order",
  async () => {
    const run = makeRun("key: ({ path }) => path");
    const options = ["--journal", join(tempFolder(), "read.journal"), "--incremental"];
    expect(await run("a b c", ...options)).toMatchObject({ code: 0, executed: ["a", "b", "c"] });
    const second = await run("d c b a", ...options);
    expect(second).toMatchObject({ code: 0, executed: ["a", "b", "c", "d"] });
    expect(JSON.parse(second.out).tasks.read).toMatchObject({ acked: 1, skipped: 3 });
  },
);

test("The command run --incremental is refused without a journal, and without keys", async () => {
  const withKey = await makeRun("key: ({ path }) => path")("a", "--incremental");
  expect(withKey.code).toBe(2);
  expect(withKey.err).toMatch(/--incremental .*--journal/);
  const journal = join(tempFolder(), "read.journal");
  const withoutKey = await makeRun("total: 1")("a", "--incremental", "--journal", journal);
  expect(withoutKey.code).not.toBe(0);
  expect(withoutKey.err).toMatch(/key\(\)/);
  expect(withoutKey.err).not.toMatch(/^ +at /m); // a mistake in a file needs no stack of ours
});
