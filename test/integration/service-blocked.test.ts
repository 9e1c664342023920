// Workers of a service that block, or that only fail: what else is asked goes to others.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Inspector } from "../../src/index.ts";
import { serviceEndpoints, tempFolder } from "../support/endpoints.ts";
import { address, type ServiceEndpoints } from "../support/endpoints-of.ts";
import { long } from "../support/long.ts";
import { RoleProcess } from "../support/processes.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";

async function workerProcess(endpoints: ServiceEndpoints, concurrency: number): Promise<RoleProcess> {
  const worker = new RoleProcess({ role: "serviceworker", endpoints, concurrency });
  await worker.printed("working");
  return worker;
}

long("New requests go to other workers while a worker is blocked, which works on afterwards", async () => {
  const endpoints = await serviceEndpoints("ipc");
  await running(endpoints, []);
  await workerProcess(endpoints, 10);
  await using client = makeClient(endpoints, { timeout: 60_000 });
  const release = join(tempFolder(), "release");
  const blocking = client.request({ n: -1, blockUntil: release });
  await using inspector = new Inspector(address(endpoints.back), { server: "service" });
  const reasons = async () => (await inspector.explain("echo")).reasons.join(" ");
  await expect.poll(reasons, { timeout: 8000 }).toContain("1 worker does not answer: a handler blocks");
  const other = await workerProcess(endpoints, 2);
  const replies = await client.request(Array.from({ length: 30 }, (_, n) => ({ n, wait: 1 })));
  expect(new Set(replies.map(({ pid }) => pid))).toEqual(new Set([other.pid]));
  writeFileSync(release, "");
  const { pid } = await blocking;
  await expect.poll(reasons).not.toContain("does not answer");
  const later = await client.request(Array.from({ length: 30 }, (_, n) => ({ n, wait: 20 })));
  expect(later.map((reply) => reply.pid)).toContain(pid);
});

test("A service worker on which every request fails gets fewer requests than one that works", async () => {
  class Broken extends EchoWorker {
    override async handleMessage(): Promise<never> {
      throw new Error("no disk");
    }
  }
  const endpoints = await serviceEndpoints("inproc");
  await running(endpoints, [new EchoWorker(endpoints, { name: "good" }), new Broken(endpoints)]);
  await using client = makeClient(endpoints);
  await expect.poll(() => client.request({ n: 0 }).catch(() => "failed")).toBe("failed"); // it is there
  const outcomes = await client.request(
    Array.from({ length: 300 }, (_, n) => ({ n, wait: 1 })),
    { settled: true },
  );
  const failed = outcomes.filter(({ status }) => status === "rejected").length;
  expect(failed).toBeGreaterThan(0);
  expect(failed).toBeLessThan(40);
});
long("Idempotent requests behind a handler that blocks go to another worker", async () => {
  const endpoints = await serviceEndpoints("ipc");
  const service = await running(endpoints, []);
  await Promise.all([workerProcess(endpoints, 1), workerProcess(endpoints, 1)]);
  await using client = makeClient(endpoints, { timeout: 60_000, idempotent: true });
  const short = (from: number) => Array.from({ length: 1000 }, (_, n) => ({ n: from + n }));
  await client.request(short(0)); // windows are open
  const before = client.request(short(1000));
  const release = join(tempFolder(), "release");
  const blocking = client.request({ n: -1, blockUntil: release });
  const after = client.request(short(2000));
  const replies = [...(await before), ...(await after)];
  expect(replies.map(({ n }) => n)).toEqual(Array.from({ length: 2000 }, (_, n) => 1000 + n));
  writeFileSync(release, "");
  expect((await blocking).n).toBe(-1);
  expect(service.status).toMatchObject({ replied: 3001, lost: 0, failed: 0 });
});
