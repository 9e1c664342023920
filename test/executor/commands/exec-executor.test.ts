import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { ExecutionOutcome } from "../../../src/core/execution.ts";
import { ExecExecutor } from "../../../src/executor/commands/exec-executor.ts";
import { toThrownError } from "../../../src/protocol/error-info.ts";
import { encodePayload } from "../../../src/protocol/payload/payload.ts";
import { TaskType } from "../../../src/protocol/task-type.ts";
import { ExecutorDriver, type Failure } from "../../support/executor-driver.ts";
import { long } from "../../support/long.ts";
import { isAlive } from "../../support/orphans.ts";

const TYPE = TaskType.register("exec");

async function begun(args: readonly string[], { count = 1, timeout = 0, isWrapped = false } = {}) {
  const driver = new ExecutorDriver(
    new ExecExecutor({ args, count, taskType: TYPE, isWrapped, spans: "item" }),
  );
  onTestFinished(() => driver.end());
  await driver.executor.begin({}, timeout, "");
  return driver;
}

describe("An ExecExecutor", () => {
  test("starts a program for each item: its output is the result, without the last line end", async () => {
    const driver = await begun(["printf", "%s|%s\\n\\n", "{path}", "x{n}"], { count: 2 });
    const all = [1, 2, 3].map((n) => driver.execute({ path: "a $(b)", n }));
    expect(await Promise.all(all)).toEqual(["a $(b)|x1\n", "a $(b)|x2\n", "a $(b)|x3\n"]);
  });

  test("gives a program without placeholders the item as its standard input", async () => {
    const driver = await begun(["cat"]);
    expect(await driver.execute({ n: 1 })).toBe('{"n":1}');
    const deaf = await begun(["true"]);
    expect(await deaf.execute({ text: "x".repeat(1_000_000) })).toBe("");
  });

  test("gives binary data to a program's standard input as they are", async () => {
    const driver = await begun(["cat"], { isWrapped: true });
    for (const value of [Buffer.of(0xff, 0, 10), "text"]) {
      const input = { index: 0, value: Buffer.from(value) };
      expect(await driver.execute(input)).toEqual({ index: 0, value });
    }
  });

  test("gives output that is no text as bytes", async () => {
    const driver = await begun(["printf", "\\377\\001{x}"]);
    expect(await driver.execute({ x: "" })).toEqual(Buffer.of(0xff, 1));
  });

  test("names the item in the program's environment", async () => {
    const script = "echo $ZMQPIPELINE_ITEM_ID $ZMQPIPELINE_ATTEMPT $ZMQPIPELINE_TASK_TYPE";
    const driver = await begun(["sh", "-c", script]);
    expect(await driver.execute({})).toBe("run/exec/1 1 exec");
  });

  test("puts the run and the trace context into a program's environment, and nothing that a peer names", async () => {
    const names = "$ZMQPIPELINE_RUN_ID $ZMQPIPELINE_METADATA $TRACEPARENT $TRACESTATE $LD_DEBUG";
    const driver = await begun(["sh", "-c", `echo "${names}"; : {}`]);
    const context = "traceparent=00-run-01\ntracestate=a=b\nld_debug=all";
    await driver.executor.begin({ model: "a b" }, 0, context);
    expect(await driver.execute({})).toBe('run {"model":"a b"} 00-run-01 a=b ');
    await driver.executor.begin({ text: "x".repeat(200_000) }, 0, "");
    expect(await driver.execute({})).toBe("run    ");
  });

  test("fails an item with the exit code or the signal, and the end of the output", async () => {
    const args = ["sh", "-c", "echo half done; echo bad thing >&2; eval $0", "{then}"];
    const seen = async (then: string) => {
      const executor = new ExecExecutor({ args, count: 1, taskType: TYPE, isWrapped: false, spans: "item" });
      const payload = encodePayload({ then }, "item");
      const outcome = await new Promise<ExecutionOutcome>((resolve) => {
        executor.open({
          finished: (_execution, its) => resolve(its),
          upcoming: () => undefined,
          room: () => {},
          waits: () => {},
          failed: () => {},
          note: () => {},
          hint: () => {},
        });
        executor.execute({ sourceId: "run", seq: 1, attempt: 1, solo: false, context: "", payload });
      });
      return outcome.ok ? outcome : toThrownError(outcome.error);
    };
    expect(await seen("exit 9")).toMatchObject({
      code: "PROGRAM_FAILED",
      message: "sh ended with exit code 9: bad thing",
      exitCode: 9,
      signal: null,
      stderr: "bad thing",
      stdout: "half done\n",
    });
    expect(await seen("kill -9 $$")).toMatchObject({ exitCode: null, signal: "SIGKILL" });
  });

  test("ends a program whose time is over, together with the processes that it started", async () => {
    const driver = await begun(["sh", "-c", "sleep 60 & wait; : {}"], { timeout: 50 });
    expect(await driver.execute({})).toMatchObject({ code: "EXECUTION_TIMEOUT" });
    const asking = await begun(["sh", "-c", "echo 'Overwrite? ' >&2; sleep 60; : {}"], { timeout: 300 });
    expect(await asking.execute({})).toMatchObject({
      message: "The program ran longer than 300 ms: Overwrite?",
    });
  });

  long(
    "ends processes that a program left behind when it failed, but none after an exit code of 0",
    async () => {
      const driver = await begun([
        "sh",
        "-c",
        "trap '' TERM; sleep 60 > /dev/null 2>&1 & echo $! >&2; exit {code}",
      ]);
      const { message } = (await driver.execute({ code: 3 })) as Failure;
      const left = Number(/exit code 3: (\d+)$/.exec(message)?.[1]);
      await vi.waitUntil(() => !isAlive(left), { timeout: 30_000, interval: 20 });
      const well = await begun(["sh", "-c", "sleep 60 > /dev/null 2>&1 & echo $!; : {}"]);
      const kept = Number(await well.execute({}));
      await well.end();
      expect(isAlive(kept)).toBe(true);
      process.kill(kept, "SIGKILL");
    },
  );

  long("takes what a program's own processes write after its end, until they are silent", async () => {
    const driver = await begun(["sh", "-c", "(sleep 0.3; echo a; sleep 0.4; echo b) & echo first; : {}"]);
    expect(await driver.execute({})).toBe("first\na\nb");
  });

  long("ends a program's own processes that write without end", async () => {
    const driver = await begun(["sh", "-c", "yes & echo $!; : {}"]);
    const failed = (await driver.execute({})) as Failure;
    expect(failed.message).toContain("more to its standard output than a result can hold");
  });

  test("fails an item for good that no argument can hold", async () => {
    const driver = await begun(["echo", "{path}"]);
    expect(await driver.execute({ other: 1 })).toMatchObject({ name: "TypeError", retryable: false });
    const long = await driver.execute({ path: "x".repeat(3_000_000) });
    expect(long).toMatchObject({ name: "TypeError", retryable: false });
    expect(long).toHaveProperty("message", expect.stringContaining("longer than the system allows"));
    expect(await driver.execute({ path: "ok" })).toBe("ok");
  });

  test("fails itself before the first item for a program that does not exist", async () => {
    const driver = await begun(["/no/such/program", "{}"]);
    expect(await driver.failed).toMatchObject({ code: "INIT_FAILED" });
  });
});
