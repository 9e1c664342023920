import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import {
  type CollectionInfo,
  Inspector,
  type MessageType,
  NdjsonCollector,
  readJournal,
  type TaskType,
} from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { long } from "../support/long.ts";
import { makeDistributor, NumbersTask, NumbersWorker } from "../support/roles.ts";

const linesOf = (path: string) =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

long(
  "A failed item that is executed again keeps its id, with a generation, and its result takes the place of its failure",
  async () => {
    const folder = tempFolder();
    const [path, failuresPath] = [join(folder, "results.ndjson"), join(folder, "failures.ndjson")];
    const journal = join(folder, "run.journal");
    const told: [string, number][] = [];
    const executed: [number, number, number][] = [];
    const explained: string[] = [];
    /** One run, in which these numbers fail. */
    const live = async (failing: readonly number[]) => {
      const endpoints = await freshEndpoints("inproc");
      class Telling extends NdjsonCollector {
        override handleCollection(
          data: object,
          type: TaskType,
          kind: MessageType,
          info: CollectionInfo,
        ): undefined {
          told.push([info.id, info.generation]);
          return super.handleCollection(data as never, type, kind, info);
        }
      }
      const collector = new Telling({
        path,
        failuresPath,
        endpoint: address(endpoints.collector),
        ackEndpoint: address(endpoints.ack),
      });
      const task = Object.assign(new NumbersTask(endpoints, 5), { retry: { attempts: 1 } });
      const worker = new NumbersWorker(endpoints, async (data, { id, attempt, generation }) => {
        executed.push([data.n, attempt, generation]);
        if (generation === 1 && explained.length === 0) {
          await using inspector = new Inspector(address(endpoints.task));
          explained.push(...(await inspector.explain(id)).reasons);
        }
        if (failing.includes(data.n)) throw new RangeError(`no ${data.n}`);
        return data;
      });
      const distributor = makeDistributor(endpoints, task, { journal: { path: journal, retryFailed: true } });
      const [{ runId, tasks }] = await Promise.all([distributor.run(), worker.run(), collector.run()]);
      return { runId, counts: tasks.numbers };
    };

    const { runId, counts } = await live([1, 3]);
    const id = (n: number) => `${runId}/numbers/${n}`;
    expect(counts).toMatchObject({ items: 5, acked: 3, failed: 2 });
    expect(linesOf(failuresPath)).toMatchObject([{ id: id(1) }, { id: id(3) }]);
    expect(executed).toHaveLength(5);
    expect(executed).toContainEqual([1, 1, 0]);

    // 3 fails again: its first failure is superseded by the second, and that of 1 by a result.
    expect((await live([3])).counts).toMatchObject({ items: 5, acked: 4, failed: 1 });
    expect(executed.slice(5)).toEqual([
      [1, 1, 1],
      [3, 1, 1],
    ]);
    expect(explained.join("\n")).toContain("It is executed again: before, it failed for good.");
    expect(linesOf(failuresPath)).toMatchObject([{ id: id(3), generation: 1, attempts: 1, data: { n: 3 } }]);
    expect(linesOf(path).find(({ id: of }) => of === id(1))).toEqual({
      id: id(1),
      generation: 1,
      taskType: "numbers",
      data: { n: 1 },
    });
    expect(readJournal(journal).failures).toMatchObject([{ id: id(3), generation: 1 }]);

    // A collector that was killed at its end has left the first failures, too: they go in the next run.
    const left = { id: id(1), taskType: "numbers", data: { n: 1 }, error: {}, attempts: 1 };
    writeFileSync(failuresPath, `${JSON.stringify(left)}\n${readFileSync(failuresPath, "utf8")}`);
    expect((await live([])).counts).toMatchObject({ items: 5, acked: 5, failed: 0 });
    expect(linesOf(failuresPath)).toEqual([]);
    expect(linesOf(path).map(({ id: of }) => of)).toHaveLength(5);
    expect(told.slice(3)).toEqual([
      [id(1), 1],
      [id(3), 2],
    ]);
  },
);
