import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  Inspector,
  type InspectorOptions,
  type RunReport,
  Security,
  type ServiceReport,
} from "../../src/index.ts";
import { encodePayload } from "../../src/protocol/payload/payload.ts";
import { freshEndpoints, serviceEndpoints, tempFolder } from "../support/endpoints.ts";
import { address, type PipelineEndpoints } from "../support/endpoints-of.ts";
import { LyingListener } from "../support/lying-listener.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";
import { withKeys } from "../support/with-keys.ts";

function inspector(endpoint: string, options: InspectorOptions = {}): Inspector {
  const opened = new Inspector(address(endpoint), options);
  onTestFinished(() => opened.close());
  return opened;
}

async function runReport(of: Inspector): Promise<RunReport> {
  const report = await of.status();
  if (report.kind !== "run") throw new Error(report.kind);
  return report;
}

/** A run whose items wait until they are let go. */
async function held(endpoints: PipelineEndpoints, items: number, security?: Security) {
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const collector = withKeys(new NumbersCollector(endpoints), security);
  const handler = async ({ n }: { n: number }) => {
    await gate;
    return { n };
  };
  const worker = withKeys(new NumbersWorker(endpoints, handler, 2), security);
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, items), { security });
  const done = Promise.all([distributor.run(), collector.run(), worker.run()]);
  onTestFinished(async () => {
    letGo();
    await done;
  });
  return { letGo, done, collector };
}

describe("An Inspector of a run", () => {
  test.each(["tcp", "ipc", "inproc"] as const)(
    "gives status and explanations over %s, and the run ends as without it",
    async (scheme) => {
      const endpoints = await freshEndpoints(scheme);
      const { letGo, done, collector } = await held(endpoints, 20);
      const look = inspector(endpoints.task);
      await expect.poll(async () => (await runReport(look)).progress.tasks.numbers?.inFlight).toBe(10);
      const report = await runReport(look);
      expect(report).toMatchObject({
        schema: 1,
        phase: "running",
        pid: process.pid,
        collectorMissing: undefined,
      });
      expect(report.workers).toMatchObject([
        { taskType: "numbers", phase: "ready", concurrency: 2, held: 10, acked: 0 },
      ]);
      expect(report.progress.tasks.numbers).toMatchObject({ items: 10, acked: 0, phase: "open" });
      const [worker] = report.workers;
      const why = await look.explain("numbers/1");
      expect(why).toMatchObject({ state: "with a worker", attempt: 1, workerId: worker?.id, isDone: false });
      expect(await look.explain(`${report.runId}/numbers/1`)).toMatchObject({ subject: "numbers/1" });
      expect((await look.explain("numbers")).reasons[0]).toContain("more workers");
      letGo();
      const [summary] = await done;
      expect(summary).toMatchObject({ status: "complete", tasks: { numbers: { acked: 20 } } });
      expect(collector.hasEachOnce(20)).toBe(true);
    },
  );

  test("is answered before the run has begun, and beside many others", async () => {
    const endpoints = await freshEndpoints("tcp");
    const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 1));
    const done = distributor.run();
    onTestFinished(async () => {
      await distributor.stop({ timeout: 0 });
      await done;
    });
    const looks = Array.from({ length: 5 }, () => inspector(endpoints.task));
    const reports = await Promise.all(looks.flatMap((look) => [runReport(look), runReport(look)]));
    expect(new Set(reports.map(({ runId }) => runId)).size).toBe(1);
    for (const { workers, collectorMissing } of reports) {
      expect(workers).toEqual([]);
      expect(collectorMissing).toBeGreaterThanOrEqual(0);
    }
  });

  test("is told what it asks wrongly, and the run goes on", async () => {
    const endpoints = await freshEndpoints("tcp");
    const { letGo, done } = await held(endpoints, 5);
    const look = inspector(endpoints.task);
    for (const [subject, text] of [
      ["letters", 'There is no task type "letters" here, and no such item; task types are numbers'],
      ["numbers/x", 'There is no task type "numbers/x" here'],
      ["0123/numbers/1", "is an item of run 0123, but this is run"],
    ] as const) {
      await expect(look.explain(subject)).rejects.toMatchObject({
        code: "PEER_REFUSED",
        message: expect.stringContaining(text),
      });
    }
    const atCollector = inspector(endpoints.collector);
    await expect(atCollector.status()).rejects.toMatchObject({
      code: "PEER_REFUSED",
      message: expect.stringContaining("this is a collector"),
    });
    letGo();
    expect((await done)[0]).toMatchObject({ status: "complete" });
  });

  test("says in time that no role answers, and finds a role that starts later", async () => {
    const endpoints = await freshEndpoints("tcp");
    const look = inspector(endpoints.task, { timeout: 300 });
    await expect(look.status()).rejects.toMatchObject({
      code: "PEER_TIMEOUT",
      message: `No distributor or service answered at "${endpoints.task}" within 300 ms`,
    });
    await held(endpoints, 1);
    await expect.poll(() => look.status().then(({ kind }) => kind, String)).toBe("run");
  });

  test.each([
    ["that cannot be decoded", Buffer.from([0xc1]), "BAD_MESSAGE"],
    ["that is no map", Buffer.from([0xc0]), "BAD_MESSAGE"],
    ["of another version", encodePayload({ schema: 99 }, "report"), "PEER_REFUSED"],
  ])("says so of a report %s", async (_what, payload, code) => {
    const { task } = await freshEndpoints("ipc");
    const listener = await LyingListener.at(task);
    listener.answers = () => [{ type: "report", runId: "", payload }];
    await expect(inspector(task).status()).rejects.toMatchObject({ code, endpoint: task });
  });

  test("is let in with a worker's keys, and neither without keys nor with others", async () => {
    const endpoints = await freshEndpoints("tcp");
    const security = Security.generate();
    await held(endpoints, 1, security);
    expect((await runReport(inspector(endpoints.task, { security }))).progress.tasks).toHaveProperty(
      "numbers",
    );
    await expect(inspector(endpoints.task).status()).rejects.toMatchObject({ code: "SECURITY_MISMATCH" });
    await expect(inspector(endpoints.task, { security: Security.generate() }).status()).rejects.toMatchObject(
      {
        code: "SERVER_KEY_MISMATCH",
      },
    );
    const folder = join(tempFolder(), "keys");
    security.save(folder);
    const others = Security.load(join(folder, "collector.json"));
    expect(() => inspector(endpoints.task, { security: others })).toThrow(
      "a worker needs its own, worker.json",
    );
  });
});

describe("An Inspector of a service", () => {
  test("gives the status at both endpoints, and says why requests wait", async () => {
    const endpoints = await serviceEndpoints("tcp");
    const worker = new EchoWorker(endpoints);
    await running(endpoints, [worker]);
    await using client = makeClient(endpoints);
    const requests = [1, 2, 3].map((n) => client.request({ n, wait: 60_000 }));
    const ends = Promise.allSettled(requests);
    const look = inspector(endpoints.front);
    const status = async (): Promise<ServiceReport> => {
      const report = await look.status();
      if (report.kind !== "service") throw new Error(report.kind);
      return report;
    };
    await expect
      .poll(async () => (await status()).status.types.echo)
      .toEqual({ workers: 1, queued: 2, running: 1 });
    expect(await status()).toMatchObject({
      status: { requests: 3, clients: 1 },
      workers: [{ taskType: "echo", phase: "ready", concurrency: 1, held: 1 }],
    });
    expect(await inspector(endpoints.back).status()).toMatchObject({ kind: "service" });
    const { reasons } = await look.explain("echo");
    expect(reasons.slice(0, 2)).toEqual([
      "1 worker is ready, of 1; they execute 1 at a time.",
      "1 request is with workers.",
    ]);
    expect(reasons[2]).toMatch(/^2 requests wait for a worker with room, the first for \d/);
    await client.stop({ timeout: 0 });
    await ends;
  });

  test("is let in with a client's keys, also where these are for all", async () => {
    const endpoints = await serviceEndpoints("tcp");
    const security = Security.generate();
    await running(endpoints, [], { security });
    const folder = join(tempFolder(), "keys");
    security.save(folder);
    for (const options of [
      { security, server: "service" },
      { security: Security.load(join(folder, "client.json")) },
    ] as const) {
      expect(await inspector(endpoints.front, options).status()).toMatchObject({
        kind: "service",
        workers: [],
      });
    }
  });
});
