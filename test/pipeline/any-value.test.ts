import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { NdjsonCollector, Pipeline, readJournal } from "zmqpipeline";
import { values } from "../fixtures/value-worker.mjs";
import { tempFolder } from "../support/endpoints.ts";

const FILE = new URL("../fixtures/value-worker.mjs", import.meta.url);

/** The results of a pipeline with one task, in the order of its items. */
async function resultsOf(items: readonly unknown[], exportName: string, threads = 0): Promise<unknown[]> {
  const results: unknown[] = [];
  await new Pipeline({
    tasks: [{ taskType: "any value", items }],
    workers: { module: FILE, exportName, count: 1, threads },
    collector: (data, { id }) => {
      results[Number(id.slice(id.lastIndexOf("/") + 1))] = data;
    },
  }).run();
  return results;
}

/** The places of values that differ. Matchers of a test runner do not tell a Buffer from a Uint8Array. */
function differences(found: readonly unknown[]): number[] {
  return values().flatMap((value, index) => (isDeepStrictEqual(found[index], value) ? [] : [index]));
}

describe("A Pipeline's items and results", () => {
  test.each([
    ["a process", 0],
    ["a thread", 1],
  ])("may be values of every kind, on the way to %s and back", async (_, threads) => {
    const results = await resultsOf(values(), "echo", threads);
    expect(results).toHaveLength(values().length);
    expect(differences(results)).toEqual([]);
  });

  test("are {} where there is nothing", async () => {
    expect(await resultsOf([undefined, 1, "nothing"], "echoOrNothing")).toEqual([{}, 1, {}]);
  });

  test("are refused when they cannot be sent", async () => {
    await expect(resultsOf([1, new Map()], "echo")).rejects.toThrow(
      /Value at item is a Map; a payload may hold/,
    );
  });

  test("have keys, lines of JSON and places in a journal, whatever they are", async () => {
    const folder = tempFolder();
    const [path, failuresPath, journal] = ["results", "failures", "journal"].map((name) =>
      join(folder, name),
    );
    if (path === undefined || failuresPath === undefined || journal === undefined) throw new Error("no path");
    const { tasks } = await new Pipeline({
      tasks: [{ taskType: "any value", items: [1, 13, 2, 1], key: (n) => String(n) }],
      workers: { module: FILE, exportName: "unlucky", count: 1 },
      collector: new NdjsonCollector<string>({ path, failuresPath }),
      journal,
    }).run();
    expect(tasks["any value"]).toMatchObject({ items: 3, acked: 2, failed: 1, skipped: 1 });
    const lines = (file: string) =>
      readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { data: unknown });
    expect(lines(path).map(({ data }) => data)).toEqual(["1", "2"]);
    expect(lines(failuresPath)).toMatchObject([{ data: 13, error: { message: "unlucky" } }]);
    expect(readJournal(journal).failures).toMatchObject([{ data: 13 }]);
  });
});
