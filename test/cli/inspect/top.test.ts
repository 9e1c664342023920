import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { showTop } from "../../../src/cli/inspect/inspect-top.ts";
import { WatchedRun } from "../../../src/cli/inspect/watched-run.ts";
import { WatchedRuns } from "../../../src/cli/inspect/watched-runs.ts";
import { Inspector, type RunReport } from "../../../src/index.ts";
import { announcedRuns } from "../../../src/pipeline/run-folder.ts";
import { plain } from "../../../src/terminal/colours.ts";
import { capturedOutput } from "../../support/captured-output.ts";
import { ROLES } from "../../support/cli-fixtures.ts";
import { LIBRARY, startCommand, startProgram, zmqpipeline } from "../../support/command.ts";
import { freshEndpoints, tempFolder } from "../../support/endpoints.ts";
import { address } from "../../support/endpoints-of.ts";
import { long } from "../../support/long.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../../support/roles.ts";

const LEAVE = "\u001b[?1049l";
const options = { timeout: 5000, interval: 0.1 };
const layout = { width: 200, hasBars: false, paint: plain };

/** The output of a command on a terminal. */
function terminal() {
  const { output, out } = capturedOutput({ isTTY: true, columns: 80, rows: 24 });
  return { context: { output, exitCode: 0, args: [] }, text: out };
}

/** A run whose items wait until they are let go. */
async function held() {
  const endpoints = await freshEndpoints("ipc");
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const worker = new NumbersWorker(endpoints, async ({ n }) => {
    await gate;
    return { n };
  });
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 20));
  const done = Promise.all([distributor.run(), new NumbersCollector(endpoints).run(), worker.run()]);
  onTestFinished(async () => {
    letGo();
    await done;
  });
  return { endpoint: endpoints.task, distributor, letGo, done };
}

test("The command top ends with its run, and leaves on the terminal how that has ended", async () => {
  const { endpoint, letGo, done } = await held();
  const { context, text } = terminal();
  const top = showTop(endpoint, options, context);
  await expect.poll(() => stripVTControlCharacters(text())).toMatch(/run [0-9a-f]+ {2}running for/);
  letGo();
  expect(await top).toBe(0);
  await done;
  const [, left = ""] = text().split(LEAVE);
  expect(stripVTControlCharacters(left)).toMatch(
    /run [0-9a-f]+.* complete in .*\n.*numbers .*20\/20 \(100 %\).* {2}done/,
  );
});

test("An Inspector hears the end of its run, and of what has ended it, without asking", async () => {
  const { endpoint, distributor, done } = await held();
  await using inspector = new Inspector(address(endpoint));
  const before = (await inspector.status()) as RunReport;
  expect(before.outcome).toBeUndefined();
  await distributor.stop({ timeout: 0 });
  await done;
  const after = (await inspector.status()) as RunReport;
  expect(after).toMatchObject({ runId: before.runId, outcome: { status: "stopped" } });
  await expect(inspector.explain("numbers")).rejects.toMatchObject({ message: /is over/ });
});

describe("The runs of this machine", () => {
  /** Starts a run in a process of its own, and waits until it can be found. */
  async function started() {
    // The run is in a process below the command's: an argument that no other run has tells which it is.
    const mark = `--max-failures ${1_000_000 + process.pid}`;
    const args = ["run", ROLES, "--workers", "1", ...mark.split(" ")];
    const child = startCommand(args, undefined, { WAIT: "50" });
    const find = async () => (await announcedRuns()).find(({ title }) => title.endsWith(mark));
    await expect.poll(find).toBeDefined();
    const entry = await find();
    if (entry === undefined) throw new Error("the run is not announced");
    return { child, entry };
  }

  long(
    "are found without an endpoint, with their command, and the end of a killed one is noticed",
    async () => {
      const { child, entry } = await started();
      await using runs = new WatchedRuns(options);
      const lines = async () => {
        await runs.look();
        return runs.lines(layout).join("\n");
      };
      await expect
        .poll(lines)
        .toMatch(
          new RegExp(`zmqpipeline run .*cli-roles.* running for .* process ${entry.owner.pid} .*\\nsquare `),
        );
      const status = await zmqpipeline(["status"]);
      expect(status.out).toContain(entry.endpoint);
      await using run = new WatchedRun(entry.endpoint, options, entry);
      await run.look();
      expect(run.isOver).toBe(false);
      child.kill("SIGKILL");
      await once(child, "exit");
      const isGone = async () => {
        await run.look();
        return run.isGone;
      };
      await expect.poll(isGone).toBe(true);
      expect(run.lines(layout).at(-1)).toBe(
        `process ${entry.owner.pid} has ended without saying how its run stood`,
      );
      expect((await announcedRuns()).map(({ folder }) => folder)).not.toContain(entry.folder);
    },
  );

  long("are found when a program of the user's has started them: map(), a Pipeline and a pool", async () => {
    const folder = tempFolder();
    const mark = `program-${process.pid}.mjs`;
    const file = join(folder, mark);
    writeFileSync(
      join(folder, "waits.mjs"),
      "export default () => new Promise((done) => setTimeout(done, 60000));",
    );
    writeFileSync(
      file,
      `import { createPool, map, Pipeline } from "${LIBRARY}";
      const module = new URL("./waits.mjs", import.meta.url);
      const pool = createPool(module, { workers: 1 });
      await Promise.all([
        pool.run(1),
        map([1], module, { workers: 1 }).toArray(),
        new Pipeline({ tasks: [{ taskType: "held", items: [1] }], workers: { module, count: 1 }, collector: () => {} }).run(),
      ]);`,
    );
    startProgram([file]);
    await using runs = new WatchedRuns(options);
    const kinds = async () => {
      await runs.look();
      const mine = runs.all.filter(({ entry }) => entry?.title === mark);
      return mine
        .map(({ report }) => (report?.kind === "run" ? Object.keys(report.progress.tasks) : report?.kind))
        .sort();
    };
    await expect.poll(kinds, { timeout: 20_000 }).toEqual([["held"], ["map"], "service"]);
  });
});
