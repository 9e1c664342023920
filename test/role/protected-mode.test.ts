import { describe, expect, test } from "vitest";
import { type DistributorOptions, EndpointAddress, Service } from "../../src/index.ts";
import { freePort, freshEndpoints } from "../support/endpoints.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

const LOCAL = [
  "tcp://localhost:5558",
  "tcp://127.0.0.1:5558",
  "tcp://127.8.7.6:5558",
  "tcp://[::1]:5558",
  "ipc://a.ipc",
  "inproc://a",
];
const OPEN = [
  "tcp://*:5558",
  "tcp://0.0.0.0:5558",
  "tcp://[::]:5558",
  "tcp://192.0.2.7:5558",
  "tcp://db1.example:5558",
  "tcp://127.example:5558",
];

test("An EndpointAddress says whether only this machine can connect", () => {
  expect(LOCAL.filter((address) => new EndpointAddress(address).isLocal)).toEqual(LOCAL);
  expect(OPEN.filter((address) => new EndpointAddress(address).isLocal)).toEqual([]);
  expect(new EndpointAddress("tcp://localhost:5558", { bind: "tcp://*:5558" }).isLocal).toBe(false);
  expect(new EndpointAddress("tcp://db1:5558", { bind: "tcp://127.0.0.1:5558" }).isLocal).toBe(true);
});

describe.each(OPEN)("The open endpoint %s", (open) => {
  const refused = {
    code: "INSECURE_BIND",
    message: expect.stringMatching(/loopback .* ipc path, or set allowInsecure: true/),
  };

  test("is refused at once by each role that would listen there, and nothing is opened", async () => {
    const endpoints = await freshEndpoints("inproc");
    const distributor = (task: string, options: Partial<DistributorOptions> = {}) =>
      makeDistributor(endpoints, new NumbersTask({ ...endpoints, task }, 1), options).run();
    await expect(distributor(open)).rejects.toMatchObject(refused);
    const metadata = { receiveMetadata: true, metadataEndpoint: new EndpointAddress(open) };
    await expect(distributor(endpoints.task, metadata)).rejects.toMatchObject(refused);
    await expect(new NumbersCollector({ ...endpoints, collector: open }).run()).rejects.toMatchObject(
      refused,
    );
    await expect(new NumbersCollector({ ...endpoints, ack: open }).run()).rejects.toMatchObject(refused);
    const [one, other] = [new EndpointAddress(open), new EndpointAddress("inproc://other")];
    await expect(new Service({ frontendEndpoint: one, backendEndpoint: other }).run()).rejects.toMatchObject(
      refused,
    );
    await expect(new Service({ frontendEndpoint: other, backendEndpoint: one }).run()).rejects.toMatchObject(
      refused,
    );
  });
});

test("allowInsecure opens an endpoint to all", async () => {
  const everywhere = async () => `tcp://*:${await freePort()}`;
  const endpoints = {
    ...(await freshEndpoints("inproc")),
    task: await everywhere(),
    collector: await everywhere(),
    ack: await everywhere(),
  };
  class OpenCollector extends NumbersCollector {
    override readonly allowInsecure = true;
  }
  const collector = new OpenCollector(endpoints);
  await Promise.all([
    makeDistributor(endpoints, new NumbersTask(endpoints, 10), { allowInsecure: true }).run(),
    new NumbersWorker(endpoints).run(),
    collector.run(),
  ]);
  expect(collector.hasEachOnce(10)).toBe(true);
});
