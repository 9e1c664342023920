import { isDeepStrictEqual } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { EndpointAddress, map, Pipeline, Service, ServiceClient, TaskType } from "zmqpipeline";
import { BinaryService, type Echo, kindsOf } from "../fixtures/binary-threads.mjs";
import { serviceEndpoints } from "../support/endpoints.ts";

const FILE = new URL("../fixtures/binary-threads.mjs", import.meta.url);

/** Small ones, which travel together; one that has its bytes to itself; ones beside what plain MessagePack cannot express. */
const values: readonly object[] = [
  { bytes: Buffer.from("small"), array: Uint8Array.of(1, 2) },
  { list: [{ deep: Buffer.from("nested") }, Buffer.alloc(0)], plain: new ArrayBuffer(3) },
  { large: Buffer.alloc(100_000, 7), floats: new Float64Array(20_000) },
  { minusZero: -0, bytes: Buffer.from("beside -0"), array: new Uint16Array(2) },
];
const kinds = values.map(kindsOf);

/** Matchers of a test runner do not tell a Buffer from a Uint8Array. */
const asTheyWere = (echoes: readonly Echo[]) =>
  echoes.every(({ value }, index) => isDeepStrictEqual(value, values[index]));

test("A test can tell the kinds of binary values apart", () => {
  expect(kinds[0]).toEqual({ bytes: "Buffer 5", array: "Uint8Array 2" });
});

test.each([
  ["a process", { workers: 1 }],
  ["a thread", { threads: 1 }],
])("Binary values keep their kind on the way to a function of map() in %s, and back", async (_, options) => {
  const echoes: Echo[] = [];
  const inputs = [...values, Buffer.from("bare")];
  for await (const echo of map<Echo, object>(inputs, FILE, { ...options, exportName: "echoKinds" }))
    echoes.push(echo);
  expect(echoes.pop()).toMatchObject({ kinds: "Buffer 4" });
  expect(echoes.map((echo) => echo.kinds)).toEqual(kinds);
  expect(asTheyWere(echoes)).toBe(true);
});

test("Binary values of items and metadata keep their kind on the way to a MultiThreadedWorker's threads", async () => {
  const echoes = new Map<string, Echo>();
  await new Pipeline({
    tasks: [{ taskType: TaskType.register("binary in threads"), items: values }],
    workers: { module: FILE, exportName: "BinaryThreads", count: 1 },
    metadata: { salt: Buffer.from("salt"), table: new Uint8Array(4) },
    collector: (echo: Echo, _type: TaskType, { id }: { id: string }) => {
      echoes.set(id, echo);
    },
  }).run();
  const inOrder = [...echoes].sort(([one], [other]) => one.localeCompare(other)).map(([, echo]) => echo);
  expect(inOrder.map((echo) => echo.kinds)).toEqual(kinds);
  for (const { metadata } of inOrder) expect(metadata).toEqual({ salt: "Buffer 4", table: "Uint8Array 4" });
});

test("Binary values of requests keep their kind on the way to a ServiceWorker's threads, and back", async () => {
  const { front, back } = await serviceEndpoints("ipc");
  const frontendEndpoint = new EndpointAddress(front);
  const service = new Service({ frontendEndpoint, backendEndpoint: new EndpointAddress(back) });
  const worker = new BinaryService(back);
  const client = new ServiceClient<object, Echo>(frontendEndpoint, { taskType: worker.taskType });
  const done = [service.run(), worker.run()];
  onTestFinished(async () => {
    await client.stop({ timeout: 0 });
    await Promise.all([service.stop({ timeout: 0 }), worker.stop({ timeout: 0 })]);
    await Promise.all(done);
  });
  const echoes = await client.request(values);
  expect(echoes.map((echo) => echo.kinds)).toEqual(kinds);
  expect(asTheyWere(echoes)).toBe(true);
});
