import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { EndpointAddress, ServiceClient, TaskType } from "../../src/index.ts";
import { compiled } from "../support/compiled.ts";
import { freePort, tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const COMMAND = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const SERVICE = fileURLToPath(compiled("cli-service"));
const ROLES = fileURLToPath(compiled("cli-roles"));

/** The same in TypeScript: each process loads it through tsx, which takes longer than most tests. */
const TYPED_ROLES = fileURLToPath(new URL("../fixtures/cli-roles.ts", import.meta.url));

/** No command may take longer, in ms. */
const DEADLINE = 25_000;

type Env = Readonly<Record<string, string>>;

function start(args: readonly string[], env: Env = {}): ChildProcess {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, CI: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: DEADLINE,
    killSignal: "SIGKILL",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function ended(child: ChildProcess) {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("No pipes");
  const [out, err, [code, signal]] = await Promise.all([text(stdout), text(stderr), once(child, "close")]);
  return { code, signal, out, err };
}

const zmqpipeline = (args: readonly string[], env: Env = {}) => ended(start(args, env));

async function ports(): Promise<string> {
  return (await Promise.all([freePort(), freePort(), freePort(), freePort()])).join(",");
}

/** Of the squares; the metadata double it. */
const SUM = 2 * ((200 * 201 * 401) / 6);

describe("run", () => {
  test("runs all that a TypeScript file exports, and sums it up", async () => {
    const { code, out, err } = await zmqpipeline(["run", TYPED_ROLES, "--workers", "2"]);
    expect(out).toContain(`sum ${SUM}\n`);
    expect(out).toMatch(
      /^complete in .*\n {2}square: 200 items, 200 collected, 0 failed, 0 retried, [\d,]+\/s\n {2}an item took /m,
    );
    expect(err).toMatch(/^square {2}200\/200 \(100 %\) {2}done$/m);
    expect(code).toBe(0);
  });

  test("says what failed, keeps it in the journal, and executes it again", async () => {
    const journal = join(tempFolder(), "run.journal");
    const first = await zmqpipeline(["run", ROLES, "-w", "1", "-j", journal], { UNLUCKY: "50" });
    expect(first.code).toBe(3);
    expect(first.out).toMatch(/failed 4 times in square: unlucky\n {4}first: [0-9a-f]+\/square\/49\n {4}at /);
    expect(first.out).toContain(`zmqpipeline journal failed ${journal}`);

    const failed = await zmqpipeline(["journal", "failed", journal, "--json"]);
    const failures = failed.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(failures.map(({ data }) => data.n)).toEqual([50, 100, 150, 200]);
    expect(failures[0]).toMatchObject({
      schema: 1,
      taskType: "square",
      error: { name: "RangeError", message: "unlucky" },
    });
    expect((await zmqpipeline(["journal", "failed", journal])).out).toMatch(
      /square\/49 {2}RangeError: unlucky {2}\(1 attempts\)\n {2}\{"n":50\}/,
    );
    expect((await zmqpipeline(["journal", "show", journal])).out).toMatch(
      /complete\n {2}square: 200 items, 196 collected, 4 failed, 0 pending/,
    );

    expect((await zmqpipeline(["journal", "retry", journal])).out).toMatch(/^4 items will be executed again/);
    expect((await zmqpipeline(["journal", "show", journal, "--json"])).out).toMatch(
      /"isComplete":false.*"pending":4/,
    );
    const second = await zmqpipeline(["run", ROLES, "-w", "1", "-j", journal, "--json", "--quiet"]);
    expect(second.code).toBe(0);
    expect(second.err).toBe("");
    const [sum, json = ""] = second.out.trim().split("\n");
    expect(sum).toBe(`sum ${2 * (50 ** 2 + 100 ** 2 + 150 ** 2 + 200 ** 2)}`); // this life of the collector saw these
    expect(JSON.parse(json)).toMatchObject({
      schema: 1,
      status: "complete",
      tasks: { square: { items: 200, acked: 200, failed: 0 } },
      durations: { p50: expect.any(Number), p95: expect.any(Number), max: expect.any(Number) },
      failures: [],
    });
  });

  test("ends at a limit of failures", async () => {
    const { code, err } = await zmqpipeline(["run", ROLES, "-w", "1", "--max-failures", "2"], {
      UNLUCKY: "10",
    });
    expect(err).toContain("TOO_MANY_FAILURES");
    expect(code).toBe(4);
  });

  test("runs a default export too, with its output behind the worker's number", async () => {
    const folder = tempFolder();
    const library = new URL("../../dist/index.js", import.meta.url).href;
    const worker = new URL("../fixtures/local-worker.mjs", import.meta.url).href;
    const file = join(folder, "pipeline.mjs");
    const content = `import { TaskType } from "${library}";
      export default {
        tasks: [{ taskType: TaskType.register("talk"), items: [{ n: 1 }, { n: 2 }] }],
        workers: { module: "${worker}", exportName: "talks", count: 1 },
        collector: () => {},
      };`;
    writeFileSync(file, content);
    const { code, err } = await zmqpipeline(["run", file]);
    expect(err).toMatch(/^\[worker 1\] out 1$/m);
    expect(code).toBe(0);
    writeFileSync(file, content.replace("talks", "missing"));
    expect(await zmqpipeline(["run", file])).toMatchObject({
      code: 1,
      err: expect.stringContaining("WORKER_FAILED"),
    });
  });

  test("tells wrong use with exit code 2", async () => {
    const empty = join(tempFolder(), "empty.mjs");
    writeFileSync(empty, "export const nothing = 1;");
    expect(await zmqpipeline(["run", empty])).toMatchObject({
      code: 2,
      err: expect.stringContaining("must export tasks"),
    });
    expect(await zmqpipeline(["run", "missing.js"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("There is no file"),
    });
    expect(await zmqpipeline(["run", ROLES, "--workers", "0"])).toMatchObject({ code: 2 });
    expect(await zmqpipeline(["collector", empty])).toMatchObject({
      code: 2,
      err: expect.stringContaining("exports none"),
    });
  });
});

describe("signals", () => {
  /** A run of items that take so many ms, once it works. */
  async function working(ms: number) {
    const file = join(tempFolder(), "pipeline.mjs");
    const library = new URL("../../dist/index.js", import.meta.url).href;
    const worker = new URL("../fixtures/local-worker.mjs", import.meta.url).href;
    writeFileSync(
      file,
      `import { TaskType } from "${library}";
      function* items() { for (let n = 0; ; n++) yield { n, ms: ${ms} }; }
      export default {
        tasks: [{ taskType: TaskType.register("wait"), items }],
        workers: { module: "${worker}", exportName: "waits", count: 1 },
        collector: () => {},
      };`,
    );
    const child = start(["run", file]);
    const outcome = ended(child);
    const [line] = await once(child.stderr ?? child, "data");
    return { child, outcome, worker: Number(/began (\d+)/.exec(String(line))?.[1]) };
  }

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("the first %s lets what is under way finish", async (signal, code) => {
    const { child, outcome } = await working(20);
    child.kill(signal);
    const { code: found, out, err } = await outcome;
    expect(found).toBe(code);
    expect(err).toContain(`${signal}: running work may finish; a second signal ends it at once`);
    const [, items, collected] = /wait: ([\d,]+) items, ([\d,]+) collected/.exec(out) ?? [];
    expect(items).toBeDefined();
    expect(collected).toBe(items);
  });

  test("the second ends everything at once", async () => {
    const { child, outcome, worker } = await working(60_000);
    child.kill("SIGINT");
    await once(child.stderr ?? child, "data"); // it has heard it
    child.kill("SIGINT");
    expect((await outcome).code).toBe(130);
    const isAlive = () => {
      try {
        return process.kill(worker, 0);
      } catch {
        return false;
      }
    };
    await expect.poll(isAlive, { timeout: 5000 }).toBe(false);
  });
});

test("run takes a service and its workers, until Ctrl-C", async () => {
  const env = { PORTS: await ports() };
  const child = start(["run", SERVICE, "--workers", "2"], env);
  const outcome = ended(child);
  const endpoint = new EndpointAddress(`tcp://localhost:${env.PORTS.split(",")[0]}`);
  const client = new ServiceClient(endpoint, { taskType: TaskType.register("shout"), timeout: 20_000 });
  const replies = await client.request(Array.from({ length: 20 }, () => ({ text: "oh" })));
  expect(replies.map(({ text }) => text)).toEqual(Array(20).fill("OH"));
  await client.stop();
  child.kill("SIGINT");
  const { code, out, err } = await outcome;
  expect(err).toContain("a service with 2 workers; Ctrl-C ends it");
  expect(out).toContain('service ended: {"requests":20,"replied":20');
  expect(code).toBe(130);
  expect(await zmqpipeline(["run", SERVICE, "--journal", "x"])).toMatchObject({ code: 2 });
});

describe("roles alone", () => {
  test("of a distributor: too many failures are exit code 4, also there", async () => {
    const env = { PORTS: await ports(), UNLUCKY: "10" };
    const others = ["collector", "metadata", "worker"].map((role) => ended(start([role, ROLES], env)));
    const { code, err } = await zmqpipeline(["distributor", ROLES, "--max-failures", "2"], env);
    expect(err).toContain("TOO_MANY_FAILURES");
    expect(code).toBe(4);
    await Promise.all(others);
  });

  long("make a run, wherever they are, with keys and without endpoints of their own", async () => {
    const folder = join(tempFolder(), "keys");
    expect((await zmqpipeline(["keys", "init", folder])).code).toBe(0);
    const env = { PORTS: await ports() };
    const [work, data] = env.PORTS.split(",");
    const key = (role: string) => ["--keys", join(folder, `${role}.json`)];
    const collector = zmqpipeline(["collector", ROLES, ...key("collector")], env);
    const distributor = zmqpipeline(["distributor", ROLES, "--json", ...key("distributor")], env);
    const metadata = zmqpipeline(["metadata", ROLES, ...key("metadata")], env);
    const connect = ["--connect", `tcp://localhost:${work}`, "--collector", `tcp://localhost:${data}`];
    // Slow enough for the second to come before the end.
    const workers = zmqpipeline(["worker", ROLES, "--count", "2", ...connect, ...key("worker")], {
      WAIT: "20",
    });
    const outcomes = await Promise.all([collector, distributor, metadata, workers]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(outcomes[0].out).toContain(`sum ${SUM}\n`);
    expect(JSON.parse(outcomes[1].out)).toMatchObject({ schema: 1, role: "distributor", status: "complete" });
    expect(existsSync(folder)).toBe(true);
  });
});

describe("status, explain and top", () => {
  test("tell how a run stands, and what it waits for", async () => {
    const env = { PORTS: await ports() };
    const endpoint = `tcp://localhost:${env.PORTS.split(",")[0]}`;
    const metadata = ended(start(["metadata", ROLES], env));
    const distributor = start(["distributor", ROLES, "--quiet"], env);
    const over = ended(distributor);
    const status = await zmqpipeline(["status", endpoint, "--timeout", "20000"]);
    expect(status.out).toMatch(/^run [0-9a-f]+ {2}\w+ {2}for .* {2}no collector for .*\nsquare {2}0\/200/);
    const json = await zmqpipeline(["status", endpoint, "--json"]);
    expect(JSON.parse(json.out)).toMatchObject({
      schema: 1,
      kind: "run",
      pid: expect.any(Number),
      workers: [],
    });
    const text = await zmqpipeline(["status", endpoint, "--prometheus"]);
    expect(text.out).toContain('zmqpipeline_items_total{task="square"} 0\n');
    expect((await metadata).code).toBe(0);
    const why = await zmqpipeline(["explain", endpoint, "square/5"]);
    expect(why.out).toBe("square/5: to come\n  The task has not produced it: so far there are 0.\n");
    const task = await zmqpipeline(["explain", endpoint, "square", "--json"]);
    expect(JSON.parse(task.out).reasons).toContain("It begins when 1 worker is ready; 0 of 0 are.");
    expect(await zmqpipeline(["explain", endpoint, "cube"])).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no task type "cube" here'),
    });
    const top = start(["top", endpoint, "--interval", "0.1"]);
    const seen = ended(top);
    await once(top.stdout ?? top, "data");
    top.kill("SIGINT");
    expect(await seen).toMatchObject({ code: 130, out: expect.stringContaining("square  0/200") });
    distributor.kill("SIGTERM");
    expect((await over).code).toBe(143);
  });

  test("say that nobody answers, and what is no endpoint", async () => {
    const endpoint = `tcp://localhost:${await freePort()}`;
    expect(await zmqpipeline(["status", endpoint, "--timeout", "200"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("(PEER_TIMEOUT)"),
    });
    expect(await zmqpipeline(["status", "here"])).toMatchObject({ code: 2 });
    expect(await zmqpipeline(["top", endpoint, "--interval", "0"])).toMatchObject({ code: 2 });
  });
});

test("doctor looks at this machine", async () => {
  const port = await freePort();
  const fine = await zmqpipeline(["doctor", "--port", String(port)]);
  expect(fine.out).toMatch(/^ok {4}node .*\nok {4}zeromq .*libzmq 4\.3\.5\n/);
  expect(fine.out).toMatch(new RegExp(`^ok    port ${port} +is free$`, "m"));
  const wrong = await zmqpipeline(["doctor", "--keys", join(tempFolder(), "none"), "--json"]);
  expect(wrong.code).toBe(1);
  expect(JSON.parse(wrong.out).checks).toContainEqual({
    name: "keys",
    ok: false,
    text: expect.stringContaining("does not exist"),
  });
});

long("bench measures", async () => {
  const { out, code } = await zmqpipeline(["bench", "--workers", "1", "--seconds", "1", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ schema: 1, workers: 1 });
  expect(JSON.parse(out).empty).toBeGreaterThan(1000);
});
