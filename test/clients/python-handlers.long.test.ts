import { join } from "node:path";
import { expect, test } from "vitest";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { isAlive } from "../support/orphans.ts";
import { describeWithPython, pythonWorker } from "../support/python.ts";
import { type Doing, DoingCollector, DoingTask, executed, pidsIn } from "../support/python-run.ts";
import { makeDistributor } from "../support/roles.ts";

const ECHOES = Array.from({ length: 10 }, (_, n) => ({ do: "echo", n }));

/** What the collector gets of items that fail, by what they do. */
async function failuresOf(...what: readonly string[]) {
  const items = [...what.map((name) => ({ do: name })), ...ECHOES];
  const { results, failures, ended } = await executed({ items, fields: { concurrency: 2 } });
  expect(results.size).toBe(ECHOES.length);
  const errors = what.map((name, n) => [name, failures.get(String(n))?.error] as const);
  return { errors: Object.fromEntries(errors), failures, ended };
}

describeWithPython("A handler in Python", () => {
  test("may raise anything: its item fails, and its process executes the next one", async () => {
    const { errors, ended } = await failuresOf(
      "exit",
      "interrupt",
      "no text",
      "raising code",
      "emoji",
      "long name",
      "caused",
      "properties",
    );
    expect(errors).toMatchObject({
      exit: { name: "SystemExit", message: "bye" },
      interrupt: { name: "KeyboardInterrupt" },
      "no text": { name: "NoText", message: "<str() of a NoText raised a RuntimeError>" },
      "raising code": { name: "RaisingCode", message: "hm" },
      caused: { message: "outer", cause: { name: "ZeroDivisionError", message: "division by zero" } },
      properties: { message: "gone", status: 404, detail: "no such page" },
    });
    expect(errors.emoji?.message).toBe("🌲".repeat(8192));
    expect(ended).toMatchObject({ executed: ECHOES.length });
  });

  test("may return what can be sent, and hears what cannot, and where it is", async () => {
    const { errors, failures } = await failuresOf(
      "a set",
      "an int key",
      "too deep",
      "a cycle",
      "a coroutine",
      "a date",
    );
    expect(Object.values(errors).map((error) => `${error?.name}: ${error?.message}`)).toEqual([
      "TypeError: Value at result.rows[1].tags is of type set, which cannot be sent: send list(…)",
      "TypeError: Value at result.counts has the key 1, which is no str: send str(key)",
      expect.stringMatching(/lies more than 100 levels deep, or contains itself$/),
      expect.stringMatching(/lies more than 100 levels deep, or contains itself$/),
      "TypeError: Value at result is of type coroutine, which cannot be sent: a handler is a plain function; asyncio.run() waits for a coroutine",
      "TypeError: Value at result.day is of type date, which cannot be sent: send str(…)",
    ]);
    expect([...failures.values()].every(({ attempts }) => attempts === 1)).toBe(true); // another attempt would be the same
  });

  test("returns texts with lone surrogates, which file names have, and dates in whole milliseconds", async () => {
    const { results } = await executed({ items: [{ do: "file name" }, { do: "last date" }] });
    expect(results.get("0")).toEqual({ name: "caf\udce9", "\udce9": 1n << 70n });
    expect(results.get("1")).toEqual({ when: new Date("9999-12-31T23:59:59.999Z") });
  });

  test("may fork, use multiprocessing and subprocesses", async () => {
    const { results, failures } = await executed({
      items: [{ do: "fork" }, { do: "pool" }, { do: "subprocess" }],
    });
    expect(failures.size).toBe(0);
    expect([...results].sort()).toEqual([
      ["0", { child: false }],
      ["1", { values: [1, 2, 3] }],
      ["2", { text: "hello\n" }],
    ]);
  });

  test("fails its item when its process ends, also where a child of it lives on with its files", async () => {
    const { errors } = await failuresOf("leave a child and exit", "close files");
    expect(errors).toMatchObject({
      "leave a child and exit": {
        code: "PROCESS_LOST",
        message: "The handler's process ended with exit code 3",
      },
      "close files": {
        code: "PROCESS_LOST",
        message: "The handler's process ended after its handler had closed its files",
      },
    });
  });

  test("that blocks keeps its worker from nothing, however large the items that wait for it are", async () => {
    const data = Buffer.alloc(300_000);
    const items = Array.from({ length: 200 }, (_, n) => ({
      do: n === 100 ? "wait" : "size",
      ms: 3000,
      data,
      n,
    }));
    const { summary, results } = await executed({ items, timeout: 8000, fields: { concurrency: 2 } });
    expect(results.size).toBe(200);
    expect(summary).toMatchObject({ tasks: { python: { acked: 200, retried: 0 } } });
  });
});

describeWithPython("A worker in Python ends what its handlers have started", () => {
  test.each(["SIGKILL", "SIGTERM"] as const)("when it gets %s", async (signal) => {
    const endpoints = await freshEndpoints("tcp");
    const collector = new DoingCollector(endpoints);
    const file = join(tempFolder(), "pids");
    const distributor = makeDistributor(
      endpoints,
      new DoingTask(endpoints, [{ do: "sleep in a program", file }]),
    );
    const done = Promise.all([distributor.run(), collector.run()]);
    const worker = pythonWorker(endpoints, { close_timeout: 0.1 });
    const pids = await pidsIn(file, 2);
    // The second SIGTERM does not wait for the handler.
    const isRunning = () => {
      worker.kill(signal);
      return worker.isRunning;
    };
    await expect.poll(isRunning, { timeout: 20_000 }).toBe(false);
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
    await distributor.stop({ timeout: 0 });
    await done;
  });

  test("when one takes longer than the timeout", async () => {
    const file = join(tempFolder(), "pids");
    const { failures } = await executed({
      items: [{ do: "sleep in a program", file }] as Doing[],
      timeout: 500,
    });
    expect(failures.get("0")?.error.code).toBe("EXECUTION_TIMEOUT");
    const pids = await pidsIn(file, 4); // two attempts
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  });
});

describeWithPython("SIGTERM to all processes of a worker in Python, as systemd sends it", () => {
  test("ends it in order: no item fails", async () => {
    const endpoints = await freshEndpoints("tcp");
    const collector = new DoingCollector(endpoints);
    const file = join(tempFolder(), "pids");
    const items = Array.from({ length: 100 }, (_, n) => ({ do: "pid", ms: 20, n, file }));
    const distributor = makeDistributor(endpoints, new DoingTask(endpoints, items));
    const done = Promise.all([distributor.run(), collector.run()]);
    const worker = pythonWorker(endpoints);
    const [pid] = await pidsIn(file, 1);
    process.kill(pid ?? 0, "SIGTERM");
    worker.kill("SIGTERM");
    expect(await worker.outcome()).toMatchObject({ status: "stopped", failed: 0 });
    pythonWorker(endpoints);
    const [summary] = await done;
    expect(summary).toMatchObject({ tasks: { python: { acked: 100, retried: 0 } } });
  });
});
