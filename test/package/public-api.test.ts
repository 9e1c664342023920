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
    "getLogger",
    "isMain",
    "map",
    "prometheusText",
    "readJournal",
  ]);
});
