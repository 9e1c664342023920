import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { CommandExecutor } from "../../../src/executor/commands/command-executor.ts";
import { TaskType } from "../../../src/protocol/task-type.ts";
import { setTracer } from "../../../src/tracing/tracer.ts";
import { ExecutorDriver, type Failure } from "../../support/executor-driver.ts";
import { long } from "../../support/long.ts";

const PROGRAM = fileURLToPath(new URL("../../fixtures/json-program.mjs", import.meta.url));
const TYPE = TaskType.register("commands");

interface Given {
  readonly args?: readonly string[];
  readonly ready?: number;
  /** Whether the program wants lines that cancel items. */
  readonly cancels?: boolean;
  readonly count?: number;
  readonly restarts?: number;
  readonly timeout?: number;
  readonly silentMs?: number;
}

async function begun({ args, ready, cancels, count = 1, restarts = 5, timeout = 0, silentMs }: Given = {}) {
  const said = [...(ready === undefined ? [] : [String(ready)]), ...(cancels === true ? ["cancel"] : [])];
  const program = [process.execPath, PROGRAM, ...said];
  const driver = new ExecutorDriver(
    new CommandExecutor({
      args: args ?? program,
      count,
      restarts,
      taskType: TYPE,
      isWrapped: false,
      spans: "item",
      closeTimeoutMs: 2000,
      ...(silentMs === undefined ? {} : { silentMs }),
    }),
  );
  onTestFinished(() => driver.end());
  await driver.executor.begin({}, timeout, "");
  return driver;
}

describe("A CommandExecutor", () => {
  test("gives a program items as lines of JSON, without a ready line as well, and takes its answers", async () => {
    const driver = await begun();
    expect(await driver.execute({ do: "echo", text: "ä\n€", when: new Date(0) })).toEqual({
      do: "echo",
      text: "ä\n€",
      when: "1970-01-01T00:00:00.000Z",
    });
    expect(await driver.execute({ do: "info" })).toEqual([
      "id",
      "attempt",
      "taskType",
      "data",
      "run/commands/2",
      "1",
      "commands",
    ]);
    expect(await driver.execute({ do: "fail" })).toEqual({
      name: "KeyError",
      message: "no such key",
      code: "",
      retryable: false,
    });
    expect(await driver.execute({ do: "text" })).toMatchObject({ message: "only a text", retryable: true });
  });

  long(
    "fails only the item whose answer is wrong, or during which the program ends, and starts the program again",
    async () => {
      const driver = await begun({ ready: 1 });
      const cases = [
        ["exit", "exit code 3: goodbye 3"],
        ["signal", "signal SIGSEGV"],
        ["garbage", "a line that is no JSON to its standard output: this is my log"],
        ["unknown", "the id of an item that it does not have"],
        ["neither", 'neither "result" nor "error"'],
      ] as const;
      for (const [act, message] of cases) {
        const failed = await driver.execute({ do: act, code: 3 });
        expect(failed).toMatchObject({ code: "PROGRAM_FAILED", retryable: true });
        expect(failed.message).toContain(message);
        expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" });
      }
    },
  );

  test("takes answers that other languages write: a byte order mark, line ends of Windows, an empty error beside a result", async () => {
    const driver = await begun({ ready: 1 });
    for (const latin1 of [
      '\xef\xbb\xbf{"id":"ID","result":"\xc3\xa9"}\n',
      '\r\n \n{"id":"ID","result":"\xc3\xa9"}\r\n',
      '{"id":"ID","error":"","result":"\xc3\xa9"}\n',
      '{"id":"ID","error":null,"result":"\xc3\xa9"}\n',
    ])
      expect(await driver.execute({ do: "raw", latin1 })).toBe("é");
    const replacement = '{"id":"ID","result":"\xef\xbf\xbd"}\n';
    expect(await driver.execute({ do: "raw", latin1: replacement })).toBe("\ufffd");
  });

  test("gives each failure words, whatever the program's error has", async () => {
    const driver = await begun({ ready: 1 });
    for (const [error, name, message] of [
      ["{}", "Error", "The program gave no reason"],
      ['""', "Error", "The program gave no reason"],
      ["[1,2]", "Error", "[1,2]"],
      ['{"errno":5}', "Error", '{"errno":5}'],
      ['{"name":"KeyError"}', "KeyError", ""],
      ['{"name":5,"message":{"a":1},"stack":[1]}', "5", '{"a":1}'],
    ])
      expect(await driver.execute({ do: "raw", latin1: `{"id":"ID","error":${error}}\n` })).toMatchObject({
        name,
        message,
      });
  });

  long(
    "fails an item for bytes that are no UTF-8, for a nesting that costs a parser too much, and says where a log belongs",
    async () => {
      const driver = await begun({ ready: 1 });
      for (const [latin1, message] of [
        ['{"id":"ID","result":"\xff"}\n', "a line that is no UTF-8"],
        [`${"[".repeat(2_000_000)}\n`, "a line of more than 1000 levels"],
        ["Loading\n", "Its log belongs on standard error"],
      ]) {
        const failed = (await driver.execute({ do: "raw", latin1 })) as Failure;
        expect(failed.code).toBe("PROGRAM_FAILED");
        expect(failed.message).toContain(message);
        expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" });
      }
    },
  );

  long.each([
    ["empty lines", "\n"],
    ["lines of white space", " \r\n"],
    ["ready lines", '{"ready":true}\n'],
  ])("ends a program that writes %s without end", async (_kind, latin1) => {
    const driver = await begun({ ready: 1 });
    const failed = (await driver.execute({ do: "raw", latin1, times: 2_000_000 })) as Failure;
    expect(failed.message).toContain("1048576 bytes without an answer");
    expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" });
  });

  long("ends a program that writes without end, and keeps no more than a result may have", async () => {
    const driver = await begun({ ready: 1 });
    const failed = await driver.execute({ do: "flood" });
    expect(failed.message).toMatch(/a line of more than \d+ bytes/);
    expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" });
  });

  long("gives up an item after its timeout, and kills its program", async () => {
    const driver = await begun({ ready: 1, timeout: 50 });
    expect(await driver.execute({ do: "hang" })).toMatchObject({ code: "EXECUTION_TIMEOUT" });
    expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" });
  });

  test("tells a program about the run with the first item that it gets of it", async () => {
    const driver = await begun({ ready: 1 });
    await driver.executor.begin({ model: "small", since: new Date(0), size: 2n ** 60n }, 60_000, "");
    const line = { attempt: 1, taskType: "commands", data: { do: "line" } };
    const metadata = { model: "small", since: "1970-01-01T00:00:00.000Z", size: "1152921504606846976" };
    expect(await driver.execute({ do: "line" })).toEqual({
      id: "run/commands/1",
      ...line,
      run: { id: "run", metadata, timeout: 60_000 },
    });
    expect(await driver.execute({ do: "line" })).toEqual({ id: "run/commands/2", ...line });
    await driver.executor.begin({}, 0, "");
    const { outcome } = driver.start({ do: "line" }, { sourceId: "next", seq: 2 ** 40 + 3, attempt: 2 });
    const next = { id: "next/commands/3", ...line, attempt: 2, generation: 1 };
    expect(await outcome).toEqual({ ...next, run: { id: "next", metadata: {} } });
  });

  test("gives a program the trace context of an item, and that of a span around it where there is a tracer", async () => {
    const driver = await begun({ ready: 1 });
    await driver.executor.begin({}, 0, "traceparent=00-run-01\nTraceState=a=b");
    const run = { traceparent: "00-run-01", tracestate: "a=b" };
    expect(await driver.execute({ do: "line" })).toMatchObject({ trace: run });
    const own = driver.start({ do: "line" }, { context: "traceparent=00-request-01" });
    expect(await own.outcome).toMatchObject({ trace: { traceparent: "00-request-01" } });
    const ends: unknown[] = [];
    onTestFinished(() => setTracer(undefined));
    setTracer({
      begin: ({ kind, id, parent }) => ({
        context: `traceparent=${kind} ${id} in ${parent.split("\n")[0]}`,
        within: (action) => action(),
        end: (error) => void ends.push(error),
      }),
      within: (_context, action) => action(),
    });
    const traceparent = "item run/commands/3 in traceparent=00-run-01";
    expect(await driver.execute({ do: "line" })).toMatchObject({ trace: { traceparent } });
    await driver.execute({ do: "fail" });
    expect(ends).toEqual([undefined, expect.objectContaining({ name: "KeyError" })]);
  });

  test("tells a program that wants to know when an item may end early, and why", async () => {
    const driver = await begun({ ready: 3, cancels: true, timeout: 300 });
    expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" });
    const [unwanted, late] = [driver.start({ do: "hang" }), driver.start({ do: "hang" })];
    driver.executor.abort(unwanted.execution);
    expect(await unwanted.outcome).toEqual({ cancel: "run/commands/2", reason: "unwanted" });
    expect(await late.outcome).toEqual({ cancel: "run/commands/3", reason: "timeout" });
  });

  test("tells a program so when it says late that it wants to know", async () => {
    const driver = await begun({ ready: 1, cancels: true });
    const { execution, outcome } = driver.start({ do: "hang" }); // the program is loading
    driver.executor.abort(execution);
    expect(await outcome).toEqual({ cancel: "run/commands/1", reason: "unwanted" });
  });

  test("writes no such line to other programs; an error after the timeout is the timeout's", async () => {
    const driver = await begun({ ready: 2, timeout: 100 });
    await driver.execute({ do: "echo" });
    const failed = driver.start({ do: "fail later" });
    expect(await failed.outcome).toMatchObject({ code: "EXECUTION_TIMEOUT" });
    expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" }); // the same program goes on
    expect(driver.notes).toEqual([]);
  });

  long("kills a program that does not react to a cancel line within seconds", async () => {
    const deaf = ["sh", "-c", `echo '{"ready":true,"cancel":true}'; while read line; do :; done`];
    const driver = await begun({ args: deaf });
    const { execution, outcome } = driver.start({ do: "any" });
    driver.executor.abort(execution);
    expect(await outcome).toMatchObject({ name: "AbortError" });
    expect(driver.notes).toContain("a program is killed");
  });

  test("gives a program as many items at a time as its ready line says", async () => {
    const driver = await begun({ ready: 3 });
    const all = [1, 2, 3].map(() => driver.execute({ do: "hold", until: 3 }));
    expect(await Promise.all(all)).toEqual([3, 3, 3]);
    expect(driver.executor.slots).toBe(3);
  });

  long(
    "executes items alone whose program ended while it had several: only the one at fault fails",
    async () => {
      const driver = await begun({ ready: 4 });
      expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" });
      const [one, bad, other] = [{ do: "hold", until: 1 }, { do: "exit", code: 1 }, { do: "echo" }].map(
        (data) => driver.execute(data),
      );
      expect(await bad).toMatchObject({ code: "PROGRAM_FAILED" });
      expect(await one).toBe(1);
      expect(await other).toEqual({ do: "echo" });
    },
  );

  long("blames no item when a program ends by itself between two", async () => {
    const driver = await begun({ ready: 1 });
    const all = [1, 2, 3].map(() => driver.execute({ do: "last" }));
    expect(await Promise.all(all)).toEqual(["last", "last", "last"]);
  });

  test("fails an item that JSON cannot express, with the path; the program does not see it", async () => {
    const driver = await begun();
    for (const value of [2n ** 70n, Number.NaN, new Uint8Array(1), new Date(Number.NaN)]) {
      const failed = await driver.execute({ do: "echo", list: [{ value }] });
      expect(failed).toMatchObject({ name: "TypeError", retryable: false });
      expect(failed.message).toContain("data.list[0].value");
    }
    expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" });
  });

  test.each([
    ['{"ready":true,"concurrency":0}', "whose concurrency is not from 1 to 10000"],
    ['{"ready":true,"cancel":"yes"}', "whose cancel is neither true nor false"],
  ])("fails itself for programs whose ready line is %s", async (line, reason) => {
    const wrong = await begun({ args: ["sh", "-c", `echo '${line}'; read line`], restarts: 0 });
    expect((await wrong.failed).message).toContain(reason);
  });

  test("fails itself for a program that does not exist, or ends again and again before it works", async () => {
    const missing = await begun({ args: ["/no/such/program"] });
    expect(await missing.failed).toMatchObject({ code: "INIT_FAILED" });
    expect((await missing.failed).message).toContain("there is no such program");
    const broken = await begun({ args: ["sh", "-c", "echo why >&2; exit 7"], restarts: 1 });
    const { message } = await broken.failed;
    expect(message).toContain("2 times in a row without an answer");
    expect(message).toContain("exit code 7: why");
  });

  long("ends programs by the end of their input, and those that do not end by force", async () => {
    const driver = await begun({ ready: 1 });
    await driver.execute({ do: "echo" });
    expect(await driver.executor.close(100)).toEqual([]);
    const stubborn = await begun({
      args: ["sh", "-c", `read line; echo '{"id":"run/commands/1","result":1}'; exec sleep 60`],
    });
    expect(await stubborn.execute({ do: "any" })).toBe(1);
    const [error] = await stubborn.executor.close(100);
    expect(error).toMatchObject({ code: "CLOSE_FAILED" });
  });

  test("lets Python write its lines at once, and says once what a silent program may lack", async () => {
    const answer = `read -r line; id=\${line#*:\\"}; echo "{\\"id\\":\\"\${id%%\\"*}\\",\\"result\\":\\"$PYTHONUNBUFFERED\\"}"`;
    const shell = await begun({ args: ["sh", "-c", answer], silentMs: 0 });
    expect(await shell.execute({})).toBe(process.env.PYTHONUNBUFFERED ?? "1");
    const silent = await begun({ args: ["sh", "-c", "cat > /dev/null"], count: 2, silentMs: 20 });
    for (const n of [1, 2]) silent.start({ n });
    await vi.waitUntil(() => silent.notes.length > 0);
    for (const tick of [1, 2, 3]) silent.executor.tick(tick);
    expect(silent.notes).toEqual([expect.stringContaining("flush=True in Python")]);
  });
});
