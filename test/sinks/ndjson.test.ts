import {
  appendFileSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type CollectorSummary, NdjsonCollector, type RunSummary } from "../../src/index.ts";
import { type LineItem, NdjsonFile } from "../../src/sinks/ndjson-file.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { long } from "../support/long.ts";
import { RoleProcess } from "../support/processes.ts";
import { makeDistributor, NumbersTask, NumbersWorker } from "../support/roles.ts";

const linesOf = (path: string) =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

describe("The file of an NdjsonCollector", () => {
  test("has one line for each item, also of an earlier process, whose unfinished line is cut off", () => {
    const path = join(tempFolder(), "results.ndjson");
    const first = new NdjsonFile(path);
    for (const seq of [0, 1, 1, 5]) first.add(`run/a/${seq}`, { data: { seq } });
    first.add("run/b/0", { data: {} });
    first.close();
    appendFileSync(path, '{"id":"run/a/2","data":{"se');
    const second = new NdjsonFile(path);
    for (const seq of [0, 1, 2, 5]) second.add(`run/a/${seq}`, { data: { seq } });
    second.add("another/a/0", { data: {} });
    second.close();
    const ids = linesOf(path).map(({ id }) => id);
    expect(ids).toEqual(["run/a/0", "run/a/1", "run/a/5", "run/b/0", "run/a/2", "another/a/0"]);
  });

  test("has names for values that JSON cannot express", () => {
    const path = join(tempFolder(), "results.ndjson");
    const odd = 'run/we"ird/\\name/7';
    const first = new NdjsonFile(path);
    first.add(odd, {
      data: {
        big: 7n,
        when: new Date(0),
        bytes: Buffer.from("x"),
        view: Uint8Array.of(120),
        none: undefined,
      },
    });
    first.close();
    const second = new NdjsonFile(path);
    second.add(odd, { data: {} });
    second.close();
    const data = { big: "7", when: "1970-01-01T00:00:00.000Z", bytes: "eA==", view: "eA==" };
    expect(linesOf(path)).toEqual([{ id: odd, data }]);
  });

  test("has lines for generations of an item where that is asked for, and is written anew without those that are superseded", () => {
    const folder = tempFolder();
    const [path, link] = [join(folder, "failed.ndjson"), join(folder, "link.ndjson")];
    writeFileSync(path, "not ours\n", { mode: 0o640 });
    symlinkSync(path, link);
    const first = new NdjsonFile(link, true);
    for (const generation of [0, 1, 1]) first.add("run/a/3", { data: {} }, generation);
    first.add("run/a/4", { data: {} });
    first.close();
    const seen: LineItem[] = [];
    const second = new NdjsonFile(link, true, (item) => seen.push(item));
    expect(seen.map(({ number, generation }) => [number, generation])).toEqual([
      [3, 0],
      [3, 1],
      [4, 0],
    ]);
    second.add("run/a/3", { data: {} }, 1);
    second.closeWith((item) => !second.hasLater(item));
    const lines = readFileSync(path, "utf8").split("\n");
    expect(lines).toEqual([
      "not ours",
      '{"id":"run/a/3","generation":1,"data":{}}',
      '{"id":"run/a/4","data":{}}',
      "",
    ]);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(["failed.ndjson", "link.ndjson"]);
  });

  test("of many chunks is read whole", () => {
    const path = join(tempFolder(), "results.ndjson");
    const text = "ä".repeat(300);
    const lines = Array.from({ length: 5000 }, (_, seq) =>
      JSON.stringify({ id: `run/a/${seq}`, data: { text } }),
    );
    writeFileSync(path, `${lines.join("\n")}\n`);
    const file = new NdjsonFile(path);
    for (let seq = 0; seq < 5001; seq++) file.add(`run/a/${seq}`, { data: {} });
    file.close();
    expect(linesOf(path)).toHaveLength(5001);
  });
});

test("An NdjsonCollector writes results and failures to files of their own", async () => {
  const endpoints = await freshEndpoints("inproc");
  const folder = tempFolder();
  const [path, failuresPath] = [join(folder, "results.ndjson"), join(folder, "failures.ndjson")];
  const collector = new NdjsonCollector({
    path,
    failuresPath,
    endpoint: address(endpoints.collector),
    ackEndpoint: address(endpoints.ack),
  });
  const task = Object.assign(new NumbersTask(endpoints, 10), { retry: { attempts: 1 } });
  const worker = new NumbersWorker(endpoints, (data) => {
    if (data.n === 3) throw new RangeError("three");
    return data;
  });
  await Promise.all([makeDistributor(endpoints, task).run(), worker.run(), collector.run()]);
  expect(linesOf(path).map(({ data }) => data.n)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9]);
  expect(linesOf(path)[0]).toEqual({
    id: expect.stringMatching(/\/numbers\/0$/),
    taskType: "numbers",
    data: { n: 0 },
  });
  expect(linesOf(failuresPath)).toMatchObject([
    { taskType: "numbers", data: { n: 3 }, error: { message: "three" }, attempts: 1 },
  ]);
  expect(() => new NdjsonCollector({ path: "" })).toThrow(TypeError);
});

long("An NdjsonCollector that is killed again and again leaves one line for each item", async () => {
  const endpoints = await freshEndpoints("ipc");
  const ndjson = join(tempFolder(), "results.ndjson");
  writeFileSync(ndjson, "");
  const items = 2000;
  const distributor = new RoleProcess({ role: "distributor", endpoints, items });
  new RoleProcess({ role: "worker", endpoints, wait: 1 });
  const count = () => readFileSync(ndjson, "utf8").split("\n").length;
  for (const until of [300, 1000]) {
    const killed = new RoleProcess({ role: "collector", endpoints, ndjson });
    await expect.poll(count, { timeout: 20_000, interval: 5 }).toBeGreaterThan(until);
    killed.kill("SIGKILL");
    await killed.exited;
  }
  const last = new RoleProcess({ role: "collector", endpoints, ndjson });
  expect((await distributor.outcome<RunSummary>()).tasks.numbers).toMatchObject({ acked: items, failed: 0 });
  expect((await last.outcome<CollectorSummary>()).status).toBe("complete");
  const lines = linesOf(ndjson);
  expect(lines).toHaveLength(items);
  expect(new Set(lines.map(({ id }) => id)).size).toBe(items);
});
