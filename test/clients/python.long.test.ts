import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Security, Service, ServiceClient } from "../../src/index.ts";
import { ChaosRun, pick } from "../chaos/chaos-run.ts";
import { freshEndpoints, serviceEndpoints, tempFolder } from "../support/endpoints.ts";
import { address, type PipelineEndpoints } from "../support/endpoints-of.ts";
import type { TestProcess } from "../support/processes.ts";
import { describeWithPython, pythonServiceWorker, pythonWorker } from "../support/python.ts";
import { DOING, type Doing, DoingCollector, DoingTask, executed } from "../support/python-run.ts";
import { makeDistributor } from "../support/roles.ts";

describeWithPython("A worker in Python", () => {
  test("returns what its handler returns, and ends with the run", async () => {
    const closed = join(tempFolder(), "closed");
    const values = {
      n: 1,
      big: 2 ** 40,
      float: 0.5,
      text: "grün 🌲",
      list: [1, [null, true]],
      map: { a: {} },
    };
    const date = new Date("2026-01-31T12:00:00.000Z");
    const binary = { bytes: Buffer.of(1, 2, 255), floats: Float64Array.of(1.5), date, huge: 2n ** 100n };
    const items = [values, binary, { do: "nothing" }, { do: "large", size: 100_000 }];
    const { summary, results, ended } = await executed({ items, fields: { closed_file: closed } });
    expect(summary).toMatchObject({ status: "complete", tasks: { python: { acked: 4, retried: 0 } } });
    expect(results.get("0")).toEqual(values);
    expect(results.get("1")).toEqual(binary);
    expect(results.get("2")).toEqual({});
    expect(results.get("3")).toEqual({ bytes: Buffer.alloc(100_000) });
    expect(ended).toEqual({ status: "complete", executed: 4, failed: 0 });
    expect(readFileSync(closed, "utf8")).toBe("closed");
  });

  test("gets numbers as numbers, the item's id and attempt, and the run's metadata", async () => {
    const items = [
      { do: "types", int: 2 ** 31, float: 1.5, text: "", list: [], none: null, bytes: Buffer.of(1) },
      { do: "info" },
      { do: "metadata" },
    ];
    const { summary, results } = await executed({ items, withMetadata: true });
    expect(results.get("0")).toEqual({
      do: "str",
      int: "int",
      float: "float",
      text: "str",
      list: "list",
      none: "NoneType",
      bytes: "bytes",
    });
    expect(results.get("1")).toEqual({
      id: `${summary.runId}/python/1`,
      attempt: 1,
      taskType: "python",
      generation: 0,
    });
    expect(results.get("2")).toEqual({ metadata: { good: true } });
  });

  test("reports what handlers raise, with the user's frames only, and it is retried as the task says", async () => {
    const items = [
      { do: "throw" },
      { do: "throw once" },
      { do: "throw final" },
      { do: "unsendable" },
      { do: "echo" },
    ];
    const { results, failures } = await executed({ items });
    expect([...results.keys()].sort()).toEqual(["1", "4"]);
    expect(results.get("1")).toEqual({ attempt: 2 });
    const { error, attempts, data } = failures.get("0") ?? {};
    expect({ error, attempts, data }).toMatchObject({
      error: { name: "OutOfRange", message: "out of range", code: "E_RANGE" },
      attempts: 2,
      data: { do: "throw" },
    });
    expect(error?.stack).toContain("python_worker.py");
    expect(error?.stack).not.toContain("zmqpipeline_worker.py");
    expect(failures.get("2")).toMatchObject({ attempts: 1, error: { name: "Final" } });
    expect(failures.get("3")).toMatchObject({
      attempts: 1,
      error: { message: expect.stringContaining("cannot be sent") },
    });
  });

  test("kills a handler over the timeout, replaces a process that dies, and executes the others", async () => {
    const echoes = Array.from({ length: 20 }, (_, n) => ({ do: "echo", n }));
    const items = [{ do: "hang" }, { do: "die" }, ...echoes];
    const { results, failures } = await executed({ items, timeout: 500, fields: { concurrency: 2 } });
    expect(results.size).toBe(20);
    expect(failures.get("0")).toMatchObject({ attempts: 2, error: { code: "EXECUTION_TIMEOUT" } });
    expect(failures.get("1")).toMatchObject({ attempts: 2, error: { code: "PROCESS_LOST" } });
    expect(failures.size).toBe(2);
  });

  test("keeps nothing behind a long item: other processes and workers execute it", async () => {
    const endpoints = await freshEndpoints("ipc");
    const collector = new DoingCollector(endpoints);
    const short = Array.from({ length: 300 }, (_, n) => ({ do: "pid", ms: 1, n }));
    const items = [...short.slice(0, 100), { do: "wait", ms: 3000 }, ...short.slice(100)];
    const distributor = makeDistributor(endpoints, new DoingTask(endpoints, items));
    const done = Promise.all([distributor.run(), collector.run()]);
    const workers = [2, 1].map((concurrency) => pythonWorker(endpoints, { concurrency }));
    await done;
    expect(collector.results.size).toBe(301);
    expect([...collector.results.keys()].at(-1)).toBe("100"); // the long one, which runs for three seconds
    await Promise.all(workers.map((worker) => worker.outcome()));
  });

  test("leaves in order after SIGINT: what has begun is finished, the rest is for others", async () => {
    const endpoints = await freshEndpoints("tcp");
    const collector = new DoingCollector(endpoints);
    const items = Array.from({ length: 200 }, (_, n) => ({ do: "pid", ms: 10, n }));
    const distributor = makeDistributor(endpoints, new DoingTask(endpoints, items));
    const done = Promise.all([distributor.run(), collector.run()]);
    const first = pythonWorker(endpoints);
    await expect.poll(() => collector.results.size).toBeGreaterThan(5);
    first.kill("SIGINT");
    expect(await first.outcome()).toMatchObject({ status: "stopped", failed: 0 });
    expect(collector.results.size).toBeLessThan(200);
    pythonWorker(endpoints);
    const [summary] = await done;
    expect(summary).toMatchObject({ tasks: { python: { acked: 200, retried: 0 } } });
  });

  test("ends with an error when init_worker() raises, when it is refused, and when nobody is there", async () => {
    const endpoints = await freshEndpoints("tcp");
    const alone = pythonWorker(endpoints, { peer_timeout: 0.3 });
    await alone.exited;
    expect(alone.hasPrinted('"error": "PEER_TIMEOUT"')).toBe(true);
    const distributor = makeDistributor(endpoints, new DoingTask(endpoints, [{ do: "echo" }]));
    const done = Promise.all([distributor.run(), new DoingCollector(endpoints).run()]);
    const stranger = pythonWorker(endpoints, { task_type: "cobol" });
    await stranger.exited;
    expect(stranger.hasPrinted('"error": "PEER_REFUSED"')).toBe(true);
    pythonWorker(endpoints);
    await done;
  });

  test("works with keys and trust in those that were given the items, and is not let in with others", async () => {
    const security = Security.generate();
    const folder = tempFolder();
    security.save(folder);
    const file = join(folder, "worker.json");
    const items = [{ do: "echo", n: 1 }];
    const { results } = await executed({ items, security, fields: { security: file } });
    expect(results.get("0")).toEqual(items[0]);
    const endpoints = await freshEndpoints("tcp");
    const others = tempFolder();
    Security.generate().save(others);
    const distributor = makeDistributor(endpoints, new DoingTask(endpoints, items), {
      security,
      trust: "assigned",
    });
    onTestFinished(() => distributor.stop({ timeout: 0 }));
    void distributor.run().catch(() => {});
    const stranger = pythonWorker(endpoints, { security: join(others, "worker.json"), peer_timeout: 1.5 });
    await stranger.exited;
    expect(stranger.hasPrinted('"error": "PEER_TIMEOUT"')).toBe(true);
    expect(stranger.errors).toContain("the handshake with");
    // The distributor's key is right, and the worker's own is on no list.
    const mixed = join(others, "mixed.json");
    const { servers } = JSON.parse(readFileSync(file, "utf8")) as { servers: object };
    const own = JSON.parse(readFileSync(join(others, "worker.json"), "utf8")) as object;
    writeFileSync(mixed, JSON.stringify({ ...own, servers }), { mode: 0o600 });
    const unlisted = pythonWorker(endpoints, { security: mixed });
    await unlisted.exited;
    expect(unlisted.hasPrinted('"error": "KEY_REFUSED"')).toBe(true);
  });
});

/** Python's workers return the items of a `ChaosRun`. */
const chaosWorker = (endpoints: PipelineEndpoints): TestProcess =>
  pythonWorker(endpoints, { task_type: "numbers", concurrency: 2, sleep_ms: 2, peer_timeout: 30 });

describeWithPython("A run with workers in Python loses, repeats and invents no item", () => {
  test("when workers are killed and replaced, and frozen for longer than any role waits", async () => {
    const run = await ChaosRun.begin("tcp", 8000, chaosWorker);
    const collector = run.collector();
    for (let count = 0; count < 3; count++) run.worker();
    const distributor = run.distributor();
    await run.reached(0.02);
    const frozen = pick(run.workers);
    frozen.kill("SIGSTOP");
    setTimeout(() => frozen.kill("SIGCONT"), 2600);
    const kills = await run.until(0.9, 500, () => {
      const working = run.workers.filter((worker) => worker.isRunning && worker.hasPrinted("working"));
      if (working.length < 2) return; // one is left while its replacement starts
      pick(working).kill("SIGKILL");
      run.worker();
    });
    expect(kills).toBeGreaterThan(1);
    await run.verdict(distributor, collector);
  });

  test("when the collector is killed and started again", async () => {
    const run = await ChaosRun.begin("tcp", 3000, chaosWorker);
    let collector = run.collector();
    run.worker();
    const distributor = run.distributor();
    for (const share of [0.1, 0.3, 0.5]) {
      await run.reached(share);
      collector.kill("SIGKILL");
      collector = run.collector();
      await collector.printed("started");
    }
    await run.verdict(distributor, collector);
  });

  test("when the distributor is killed and goes on with its journal", async () => {
    const run = await ChaosRun.begin("ipc", 3000, chaosWorker);
    const { journal } = run;
    const collector = run.collector();
    run.worker();
    let distributor = run.distributor({ journal });
    for (const share of [0.1, 0.3, 0.5]) {
      await run.reached(share);
      distributor.kill("SIGKILL");
      distributor = run.distributor({ journal });
      await distributor.printed("started");
    }
    await run.verdict(distributor, collector);
  });
});

describeWithPython("A service with a worker in Python", () => {
  test("answers requests, passes failures on, and survives the worker's death", async () => {
    const { front, back } = await serviceEndpoints("tcp");
    const service = new Service({ frontendEndpoint: address(front), backendEndpoint: address(back) });
    const served = service.run();
    const worker = pythonServiceWorker({ front, back }, { concurrency: 2 });
    const client = new ServiceClient(address(front), { taskType: DOING });
    onTestFinished(async () => {
      await client.stop();
      await service.stop({ timeout: 0 });
      await served;
    });
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, n) => client.request({ do: "echo", n }, { timeout: 20_000 })),
    );
    expect(replies.map((reply) => (reply as Doing).n)).toEqual(replies.map((_, n) => n));
    await expect(client.request({ do: "throw" })).rejects.toMatchObject({
      name: "OutOfRange",
      message: "out of range",
    });
    await expect(client.request({ do: "die" })).rejects.toMatchObject({
      code: "PROCESS_LOST",
      message: expect.stringContaining("signal 9"),
    });
    // An idempotent one goes to another process, until it has killed so many that it is given up.
    await expect(client.request({ do: "die" }, { idempotent: true })).rejects.toMatchObject({
      code: "REQUEST_LOST",
    });
    worker.kill("SIGKILL");
    await worker.exited;
    pythonServiceWorker({ front, back });
    expect(await client.request({ do: "echo", n: 1 }, { timeout: 20_000 })).toMatchObject({ n: 1 });
  });
});
