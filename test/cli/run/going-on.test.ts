import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { ended, LIBRARY, startCommand, zmqpipeline } from "../../support/command.ts";
import { tempFolder } from "../../support/endpoints.ts";
import { long } from "../../support/long.ts";

/** Writes a run of numbers whose worker says when it is at number 40. */
function writeRun(exported: (options: string) => string = (options) => `export default ${options};`): string {
  const folder = tempFolder();
  writeFileSync(
    join(folder, "worker.mjs"),
    `export default async ({ n }) => {
      if (n === 40) console.log("at 40");
      if (n % 30 === 3) throw new RangeError("number " + n + " is bad");
      await new Promise((resolve) => setTimeout(resolve, 5));
    };`,
  );
  const file = join(folder, "run.mjs");
  const options = `{
    tasks: [{ taskType: "count", items: Array.from({ length: 200 }, (_, n) => ({ n })), retry: { attempts: 1 } }],
    workers: { module: new URL("./worker.mjs", import.meta.url), count: 1 },
    collector: () => {},
  }`;
  writeFileSync(file, `import { Pipeline } from "${LIBRARY}";\n${exported(options)}`);
  return file;
}

/** Runs a file, and sends SIGINT when the worker is at number 40. */
async function interrupted(args: readonly string[]) {
  const child = startCommand(["run", ...args]);
  const outcome = ended(child);
  let written = "";
  while (!written.includes("at 40") && child.stderr !== null)
    written += (await once(child.stderr, "data"))[0];
  child.kill("SIGINT");
  return await outcome;
}

describe("The command run, interrupted,", () => {
  long("says how far it was and how to go on, and that command counts its own life", async () => {
    const file = writeRun();
    const journal = join(tempFolder(), "run.journal");
    const first = await interrupted([file, "-j", journal]);
    expect(first.code).toBe(130);
    const [, done = "", command = ""] =
      /^stopped at (\d+)\/200 in \S+ m?s; go on with zmqpipeline (.*)$/m.exec(first.out) ?? [];
    expect(Number(done)).toBeGreaterThanOrEqual(40);
    expect(command).toBe(`run ${file} -j ${journal}`);
    expect(first.err).not.toContain("(100 %)");

    const second = await zmqpipeline([...command.split(" "), "--json"]);
    const { status, tasks, pace, failures } = JSON.parse(second.out);
    expect(status).toBe("complete");
    expect(tasks.count).toMatchObject({ items: 200, acked: 193, failed: 7 });
    const { earlier, rate, duration } = pace.count;
    expect(earlier.acked + earlier.failed).toBe(Number(done));
    expect(Math.round((rate * duration) / 1000)).toBe(200 - Number(done));
    // The groups add up to the total, although this process has seen the later failures only.
    expect(failures.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(7);
  });

  long("without a journal says that it cannot go on", async () => {
    const { out } = await interrupted([writeRun()]);
    expect(out).toMatch(
      /^stopped at \d+\/200 in \S+ m?s; only a run with a journal can go on: --journal FILE$/m,
    );
  });
});

long("The command run tells durations and failures of a Pipeline that a file exports", async () => {
  const { out } = await zmqpipeline([
    "run",
    writeRun((options) => `export default new Pipeline(${options});`),
  ]);
  expect(out).toContain("an item took ");
  expect(out).toMatch(/^ {2}failed 7 times in count: RangeError: number # is bad$/m);
});
