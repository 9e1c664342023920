import { describe, expect, test } from "vitest";
import { MetaDataWorker, type Payload } from "../../src/index.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { address, type PipelineEndpoints } from "../support/endpoints-of.ts";
import { long } from "../support/long.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

const METADATA = { threshold: 0.5, since: new Date(0), nested: { list: [1n, null] } };

class TestMetaData extends MetaDataWorker<typeof METADATA> {
  readonly endpoint;
  constructor(endpoints: PipelineEndpoints) {
    super();
    this.endpoint = address(endpoints.metadata);
  }
  async getMetadata() {
    return METADATA;
  }
}

describe.each(["tcp", "inproc"] as const)("Metadata over %s", (scheme) => {
  test("reach tasks, workers and the collector before the first item", async () => {
    const endpoints = await freshEndpoints(scheme);
    const calls: [string, unknown][] = [];
    class Tasked extends NumbersTask {
      override initialize(metadata: Payload) {
        calls.push(["initialize", metadata]);
      }
      override handle(...args: Parameters<NumbersTask["handle"]>) {
        if (this.produced === 0) calls.push(["handle", args[0]]);
        return super.handle(...args);
      }
    }
    class Working extends NumbersWorker {
      override initWorker() {
        calls.push(["initWorker", this.metadata]);
      }
    }
    class Collecting extends NumbersCollector {
      override handleCollection(...args: Parameters<NumbersCollector["handleCollection"]>) {
        if (this.seen.size === 0) calls.push(["collector", this.metadata]);
        return super.handleCollection(...args);
      }
    }
    const collector = new Collecting(endpoints);
    const distributor = makeDistributor(endpoints, new Tasked(endpoints, 10), {
      metadataEndpoint: address(endpoints.metadata),
    });
    await Promise.all([
      distributor.run(),
      new Working(endpoints).run(),
      collector.run(),
      new TestMetaData(endpoints).run(),
    ]);
    expect(collector.hasEachOnce(10)).toBe(true);
    expect(calls).toEqual([
      ["initialize", METADATA],
      ["initWorker", METADATA],
      ["handle", METADATA],
      ["collector", METADATA],
    ]);
  });
});

test("Metadata are in this.metadata by the default initialize", async () => {
  const endpoints = await freshEndpoints("inproc");
  const task = new NumbersTask(endpoints, 3);
  const distributor = makeDistributor(endpoints, task, {
    receiveMetadata: true,
    metadataEndpoint: address(endpoints.metadata),
  });
  await Promise.all([
    distributor.run(),
    new NumbersWorker(endpoints).run(),
    new NumbersCollector(endpoints).run(),
    new TestMetaData(endpoints).run(),
  ]);
  expect(task.metadata).toEqual(METADATA);
});

test("Metadata that do not come in time are METADATA_TIMEOUT, and the other roles end", async () => {
  const endpoints = await freshEndpoints("tcp");
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 3), {
    receiveMetadata: true,
    metadataEndpoint: address(endpoints.metadata),
    peerTimeout: 400,
  });
  const results = await Promise.allSettled([
    distributor.run(),
    new NumbersWorker(endpoints).run(),
    new NumbersCollector(endpoints).run(),
  ]);
  expect(results[0]).toMatchObject({
    status: "rejected",
    reason: { code: "METADATA_TIMEOUT", role: "distributor" },
  });
  expect(results[1].status).toBe("fulfilled");
  expect(results[2]).toMatchObject({ status: "rejected", reason: { code: "RUN_ABORTED" } });
});

long("Metadata hooks that throw, and initWorker, are a typed error with its cause", async () => {
  const endpoints = await freshEndpoints("inproc");
  const cause = new Error("no config");
  class Broken extends TestMetaData {
    override getMetadata(): never {
      throw cause;
    }
  }
  await expect(new Broken(endpoints).run()).rejects.toMatchObject({ code: "INIT_FAILED", cause });

  class BrokenTask extends NumbersTask {
    override initialize(): never {
      throw cause;
    }
  }
  await expect(makeDistributor(endpoints, new BrokenTask(endpoints, 1)).run()).rejects.toMatchObject({
    code: "TASK_FAILED",
    cause,
  });

  class BrokenWorker extends NumbersWorker {
    override initWorker(): never {
      throw cause;
    }
  }
  const others = await freshEndpoints("inproc");
  const distributor = makeDistributor(others, new NumbersTask(others, 5));
  const collector = new NumbersCollector(others);
  const all = Promise.all([distributor.run(), collector.run()]);
  await expect(new BrokenWorker(others).run()).rejects.toMatchObject({ code: "INIT_FAILED", cause });
  await new NumbersWorker(others).run(); // a sound one finishes the run
  await all;
  expect(collector.hasEachOnce(5)).toBe(true);
});
