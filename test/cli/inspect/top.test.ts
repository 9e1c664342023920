import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { showTop } from "../../../src/cli/inspect/inspect-top.ts";
import { WatchedRun } from "../../../src/cli/inspect/watched-run.ts";
import { WatchedRuns } from "../../../src/cli/inspect/watched-runs.ts";
import type { Output } from "../../../src/cli/output.ts";
import { Inspector, type RunReport } from "../../../src/index.ts";
import { announcedRuns } from "../../../src/pipeline/run-folder.ts";
import { plain } from "../../../src/terminal/colours.ts";
import { ROLES } from "../../support/cli-fixtures.ts";
import { startCommand, zmqpipeline } from "../../support/command.ts";
import { freshEndpoints } from "../../support/endpoints.ts";
import { address } from "../../support/endpoints-of.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../../support/roles.ts";

const LEAVE = "\u001b[?1049l";
const options = { timeout: 5000, interval: 0.1 };
const layout = { width: 200, hasBars: false, paint: plain };

/** The output of a command on a terminal. */
function terminal() {
  const written: string[] = [];
  const output: Output = {
    out: (text) => void written.push(text),
    room: () => undefined,
    err: { write: () => true },
    screen: { isTTY: true, columns: 80, rows: 24 },
    lost: new AbortController().signal,
  };
  return { context: { output, exitCode: 0, args: [] }, text: () => written.join("") };
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
    const child = startCommand(["run", ROLES, "--workers", "1"], undefined, { WAIT: "50" });
    const find = async () => (await announcedRuns()).find(({ owner }) => owner.pid === child.pid);
    await expect.poll(find, { timeout: 10_000 }).toBeDefined();
    const entry = await find();
    if (entry === undefined) throw new Error("the run is not announced");
    return { child, entry };
  }

  test("are found without an endpoint, with their command, and the end of a killed one is noticed", async () => {
    const { child, entry } = await started();
    await using runs = new WatchedRuns(options);
    const lines = async () => {
      await runs.look();
      return runs.lines(layout).join("\n");
    };
    await expect
      .poll(lines, { timeout: 10_000 })
      .toMatch(new RegExp(`zmqpipeline run .*cli-roles.* running for .* process ${child.pid} .*\\nsquare `));
    const status = await zmqpipeline(["status"]);
    expect(status.out).toContain(entry.endpoint);
    await using run = new WatchedRun(entry.endpoint, options, entry);
    await run.look();
    expect(run.isOver).toBe(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    await run.look();
    expect(run.isGone).toBe(true);
    expect(run.lines(layout).at(-1)).toBe(`process ${child.pid} has ended without saying how its run stood`);
    expect((await announcedRuns()).map(({ folder }) => folder)).not.toContain(entry.folder);
  });
});
