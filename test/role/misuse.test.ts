import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Distributor, EndpointAddress, Task, TaskType } from "../../src/index.ts";
import { freePort, freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

/** After an error the process goes on: a sound run over the same endpoints works. */
async function stillWorks(endpoints: Awaited<ReturnType<typeof freshEndpoints>>): Promise<void> {
  const collector = new NumbersCollector(endpoints);
  await Promise.all([
    makeDistributor(endpoints, new NumbersTask(endpoints, 10)).run(),
    new NumbersWorker(endpoints).run(),
    collector.run(),
  ]);
  expect(collector.hasEachOnce(10)).toBe(true);
}

test("A role refuses an unregistered task type", () => {
  expect(() => new TaskType("never registered")).toThrow(
    new TypeError('Task type "never registered" must be registered first: TaskType.register(name)'),
  );
});

test("A role refuses options and fields of the wrong kind", () => {
  const endpoint = new EndpointAddress("inproc://x");
  const options = { collectorEndpoint: endpoint, collectorAckEndpoint: endpoint };
  expect(() => new Distributor({ ...options, collectorEndpoint: "tcp://localhost:1" as never })).toThrow(
    TypeError,
  );
  expect(() => new Distributor({ ...options, receiveMetadata: true })).toThrow(/metadataEndpoint must be/);
  expect(() => new Distributor({ ...options, maxFailures: -1 })).toThrow(RangeError);
  expect(() => new Distributor({ ...options, peerTimeout: Number.NaN })).toThrow(RangeError);
  expect(() => new Distributor({ ...options, windowTime: 0 })).toThrow(RangeError);
  const distributor = new Distributor(options);
  expect(() => distributor.registerTask({} as never)).toThrow(TypeError);
  class Bare extends Task {
    readonly taskType = TaskType.register("bare");
    readonly endpoint = endpoint;
  }
  expect(() => distributor.registerTask(Bare)).toThrow("Bare must have either handle() or items()");
});

test("A distributor without tasks, and a worker without endpoints, are refused", async () => {
  const endpoint = new EndpointAddress("inproc://x");
  await expect(
    new Distributor({ collectorEndpoint: endpoint, collectorAckEndpoint: endpoint }).run(),
  ).rejects.toThrow(TypeError);
  const endpoints = await freshEndpoints("inproc");
  class Lost extends NumbersWorker {
    override readonly endpoint = undefined as never;
  }
  await expect(new Lost(endpoints).run()).rejects.toThrow("Lost.endpoint must be an EndpointAddress");
});

test("A port in use, by another program or by another role, is refused", async () => {
  const endpoints = await freshEndpoints("tcp");
  const port = Number(new URL(endpoints.task).port);
  const server = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  await expect(makeDistributor(endpoints, new NumbersTask(endpoints, 1)).run()).rejects.toMatchObject({
    code: "ADDRESS_IN_USE",
    endpoint: endpoints.task,
  });
  await new Promise((resolve) => server.close(resolve));
  // Which of the two is first is not said.
  const collectors = [new NumbersCollector(endpoints), new NumbersCollector(endpoints)];
  const runs = collectors.map((collector) => collector.run());
  await expect(Promise.race(runs)).rejects.toMatchObject({ code: "ADDRESS_IN_USE" });
  for (const collector of collectors) await collector.stop();
  expect((await Promise.allSettled(runs)).map(({ status }) => status).sort()).toEqual([
    "fulfilled",
    "rejected",
  ]);
  await stillWorks(endpoints);
});

test("An address that is not this machine's, and a host that is unknown, are refused", async () => {
  const endpoints = await freshEndpoints("tcp");
  class OpenCollector extends NumbersCollector {
    override readonly allowInsecure = true;
  }
  const elsewhere = { ...endpoints, collector: `tcp://192.0.2.1:${await freePort()}` };
  await expect(new OpenCollector(elsewhere).run()).rejects.toMatchObject({ code: "BIND_FAILED" });
  const nowhere = { ...endpoints, collector: "tcp://no-such-host.invalid:5000" };
  await expect(new OpenCollector(nowhere).run()).rejects.toMatchObject({ code: "BIND_FAILED" });
  await stillWorks(endpoints);
});

test("An ipc path that is too long, occupied, in a missing folder, or a live peer's, is refused", async () => {
  const folder = tempFolder();
  expect(() => new EndpointAddress(`ipc://${folder}/${"x".repeat(120)}`)).toThrow(
    /at most 107 bytes|at most 103 bytes/,
  );
  const endpoints = await freshEndpoints("ipc");
  const file = join(folder, "precious");
  writeFileSync(file, "data");
  await expect(
    new NumbersCollector({ ...endpoints, collector: `ipc://${file}` }).run(),
  ).rejects.toMatchObject({
    code: "IPC_PATH_OCCUPIED",
  });
  expect(existsSync(file)).toBe(true);
  await expect(
    new NumbersCollector({ ...endpoints, collector: `ipc://${folder}/none/x` }).run(),
  ).rejects.toMatchObject({ code: "BIND_FAILED" });

  const live = new NumbersCollector(endpoints);
  const running = live.run();
  await expect(new NumbersCollector(endpoints).run()).rejects.toMatchObject({ code: "ADDRESS_IN_USE" });
  await live.stop();
  await running;
  expect(existsSync(address(endpoints.collector).bindAddress.slice(6))).toBe(false);
  await stillWorks(endpoints);
});

test("A worker of a task that the distributor does not have is refused at once", async () => {
  const endpoints = await freshEndpoints("tcp");
  class Stranger extends NumbersWorker {
    override readonly taskType = TaskType.register("strange");
  }
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 10));
  const running = distributor.run();
  await expect(new Stranger(endpoints).run()).rejects.toMatchObject({
    code: "PEER_REFUSED",
    message: /"strange"/,
  });
  const collector = new NumbersCollector(endpoints);
  await Promise.all([running, collector.run(), new NumbersWorker(endpoints).run()]);
  expect(collector.hasEachOnce(10)).toBe(true);
});

test("A second distributor at one collector is refused while the first is there", async () => {
  const endpoints = await freshEndpoints("tcp");
  const other = { ...(await freshEndpoints("tcp")), collector: endpoints.collector, ack: endpoints.ack };
  const first = makeDistributor(endpoints, new NumbersTask(endpoints, Number.POSITIVE_INFINITY));
  const collector = new NumbersCollector(endpoints);
  const all = Promise.all([first.run(), collector.run(), new NumbersWorker(endpoints).run()]);
  while (collector.seen.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await expect(makeDistributor(other, new NumbersTask(other, 1)).run()).rejects.toMatchObject({
    code: "PEER_REFUSED",
  });
  await first.stop();
  await all;
});
