import { describe, expect, onTestFinished, test } from "vitest";
import {
  createPool,
  EndpointAddress,
  type PoolProgramOptions,
  Service,
  ServiceClient,
  TaskType,
} from "zmqpipeline";
import { ended, startCommand } from "../support/command.ts";
import { serviceEndpoints } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const PROGRAM = new URL("../fixtures/json-program.mjs", import.meta.url);
const command = [process.execPath, PROGRAM, "2", "cancel"];

function poolOf<Result>(options: PoolProgramOptions) {
  const pool = createPool<Record<string, unknown>, Result>({ workers: 1, onOutput: () => {}, ...options });
  onTestFinished(() => pool.close({ timeout: 0 }));
  return pool;
}

describe("A pool of programs", () => {
  test("gives inputs to programs that read lines, and tells them when one may end early", async () => {
    const pool = poolOf<Record<string, unknown>>({ command, timeout: 60_000 });
    const seen = await pool.run({ do: "line" });
    expect(seen).toMatchObject({ attempt: 1, data: { do: "line" }, run: { timeout: 60_000 } });
    // The second only ends with the third: the program has said that it takes two at a time.
    const both = [1, 2].map(() => pool.run({ do: "hold", until: 2 }));
    expect(await Promise.all(both)).toEqual([2, 2]);
    const abort = new AbortController();
    const hung = [1, 2].map(() => pool.run({ do: "hang" }, { signal: abort.signal }));
    setImmediate(() => abort.abort());
    for (const each of hung) await expect(each).rejects.toMatchObject({ name: "AbortError" });
    expect(await pool.map([{ do: "echo", n: 1 }]).toArray()).toEqual([{ do: "echo", n: 1 }]);
    await expect(pool.run({ do: "fail" })).rejects.toMatchObject({ name: "KeyError", errno: 5 });
  });

  long("answers an input at which its program ends with PROGRAM_FAILED, and goes on", async () => {
    const pool = poolOf({ command });
    await expect(pool.run({ do: "exit", code: 3 })).rejects.toMatchObject({
      code: "PROGRAM_FAILED",
      exitCode: 3,
    });
    expect(await pool.run({ do: "echo" })).toEqual({ do: "echo" });
  });

  long("executes inputs again that were in a program beside one that failed", async () => {
    const pool = poolOf({ command });
    await pool.run({ do: "echo" });
    const [held, bad] = [pool.run({ do: "hold", until: 1 }), pool.run({ do: "exit", code: 3 })];
    await expect(bad).rejects.toMatchObject({ code: "PROGRAM_FAILED" });
    expect(await held).toBe(1);
    const careful = poolOf({ command, idempotent: false });
    await careful.run({ do: "echo" });
    const both = [careful.run({ do: "hang" }), careful.run({ do: "exit", code: 3 })];
    for (const each of both) await expect(each).rejects.toMatchObject({ code: "REQUEST_LOST" });
  });

  test("starts a program for each input", async () => {
    const pool = poolOf<string>({ exec: ["sh", "-c", "echo $ZMQPIPELINE_ATTEMPT-$ZMQPIPELINE_RUN_ID {n}"] });
    expect(await pool.run({ n: 7 })).toBe("1- 7");
  });

  test("fails for a program that cannot be started", async () => {
    const pool = poolOf({ command: "/no/such/program" });
    await expect(pool.run({})).rejects.toThrow("there is no such program");
  });

  test.each<[object, string]>([
    [{ command: "" }, "must name a program"],
    [{ command: "a", exec: "b" }, "command and exec"],
    [{ command: "a", threads: 2 }, "threads"],
    [{ command: "a", workers: 0 }, "workers"],
    [{ command: "a", wrokers: 1 }, "did you mean"],
  ])("refuses %j", (options, message) => {
    expect(() => createPool(options as never)).toThrow(message);
  });

  test("refuses a second argument", () => {
    expect(() => createPool({ command: "a" } as never, { workers: 2 })).toThrow("beside command or exec");
  });
});

long(
  "Programs of the command answer the requests of a service, several at a time, and those of a pool",
  async () => {
    const { front, back } = await serviceEndpoints("tcp");
    const frontend = new EndpointAddress(front);
    const service = new Service({ frontendEndpoint: frontend, backendEndpoint: new EndpointAddress(back) });
    const running = service.run();
    const words = [process.execPath, PROGRAM.pathname, "2"].join(" ");
    const worker = ended(
      startCommand(["worker", "--command", words, "--service", "--task", "lines", "--connect", back]),
    );
    const client = new ServiceClient<object, Record<string, unknown>>(frontend, {
      taskType: TaskType.register("lines"),
    });
    expect(await client.request({ do: "line" })).toMatchObject({ taskType: "lines", data: { do: "line" } });
    const both = [1, 2].map(() => client.request({ do: "hold", until: 2 }));
    expect(await Promise.all(both)).toEqual([2, 2]);
    await client.stop();
    await service.stop();
    await running;
    expect((await worker).code).toBe(0);
  },
);
