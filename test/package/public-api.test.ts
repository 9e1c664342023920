import { expect, test } from "vitest";

test("The public API has the names that programs are written against", async () => {
  const api = await import("../../src/index.ts");
  expect(Object.keys(api).sort()).toEqual([
    "BatchCollector",
    "Collector",
    "Distributor",
    "ERROR_CODES",
    "EndpointAddress",
    "Inspector",
    "MessageType",
    "MetaDataWorker",
    "MultiThreadedWorker",
    "NdjsonCollector",
    "Pipeline",
    "PipelineError",
    "Pool",
    "PostgresCollector",
    "RemoteError",
    "Security",
    "Service",
    "ServiceClient",
    "ServiceWorker",
    "SingleThreadedWorker",
    "Task",
    "TaskType",
    "configureLogging",
    "createPool",
    "defineCollector",
    "definePipeline",
    "defineTask",
    "defineWorker",
    "getLogger",
    "isMain",
    "map",
    "prometheusText",
    "readJournal",
  ]);
});

test("The test kit has the names that programs are written against", async () => {
  const kit = await import("../../src/testing/index.ts");
  expect(Object.keys(kit).sort()).toEqual(["DEFAULT_FAULTS", "PipelineTestError", "testPipeline"]);
});
