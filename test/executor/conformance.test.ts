import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, onTestFinished, type TestContext, test } from "vitest";
import type { Executor } from "../../src/executor/executor.ts";
import type { Handler } from "../../src/executor/handler.ts";
import { CONFORMANCE, handle } from "../fixtures/conformance-worker.ts";
import { compiled } from "../support/compiled.ts";
import {
  CommandExecutor,
  ExecExecutor,
  InlineExecutor,
  ThreadedExecutor,
} from "../support/compiled-executors.ts";
import { ExecutorDriver } from "../support/executor-driver.ts";
import { long } from "../support/long.ts";

const FIXTURE = compiled("conformance-worker").href;

function threaded(threads: number, forward?: Handler): InstanceType<typeof ThreadedExecutor> {
  return new ThreadedExecutor({
    taskType: CONFORMANCE,
    threads,
    module: FIXTURE,
    className: "ConformanceWorker",
    workerId: "worker",
    queueMs: 40,
    flushMs: 25,
    closeTimeoutMs: 1000,
    maxItemsPerThread: Number.POSITIVE_INFINITY,
    resourceLimits: undefined,
    forward,
    depth: 1,
    facts: {},
  });
}

const PROGRAM = fileURLToPath(new URL("../fixtures/conformance-program.mjs", import.meta.url));
const SCRIPT = fileURLToPath(new URL("../fixtures/conformance-exec.sh", import.meta.url));

/** What all programs have in common here. */
const COMMON = { taskType: CONFORMANCE, isWrapped: false, spans: "item", restarts: 5 } as const;

/** Something that only some kinds of handlers can do. */
type Ability =
  | "return nothing"
  | "throw errors with a name and members"
  | "refuse to be retried"
  | "return what cannot be sent"
  | "get binary values"
  | "lose their slot when nobody needs their result";

interface Kind {
  readonly make: (slots: number) => Executor;
  /** What handlers of this kind cannot do, and why. The cases about that are left out, and their reports give the reason. */
  readonly cannot: Partial<Readonly<Record<Ability, string>>>;
  /** What a handler sees when its item is aborted because the result is not needed, and because its time is over. */
  readonly reasons: readonly [unwanted: string, timeout: string];
  /** How many items are many. */
  readonly many: number;
  /** A program for each item writes JSON: its output is a text. */
  readonly isText?: boolean;
}

const functions = { reasons: ["AbortError", "TimeoutError"], many: 2000 } as const;

const inThreads = {
  "lose their slot when nobody needs their result":
    "it belongs to a thread, and only a timeout says that the thread may be terminated in the middle of something",
} as const;

const kinds: Readonly<Record<string, Kind>> = {
  inline: {
    ...functions,
    cannot: {},
    make: (slots) => new InlineExecutor(handle as unknown as Handler, CONFORMANCE, slots),
  },
  threaded: { ...functions, cannot: inThreads, make: (slots) => threaded(slots) },
  "threaded, with a handler in the main thread": {
    ...functions,
    cannot: inThreads,
    make: (slots) => threaded(slots, async (data) => data),
  },
  "a program's": {
    make: (slots) =>
      new CommandExecutor({
        ...COMMON,
        args: [process.execPath, PROGRAM, String(slots)],
        count: 1,
        closeTimeoutMs: 1000,
      }),
    cannot: {
      "return nothing": "an answer without a result is an error, and JSON's null is a result",
      "get binary values": "JSON has none; CommandExecutor's own tests check that they are refused",
    },
    reasons: ["unwanted", "timeout"],
    many: 500,
  },
  "a program for each item's": {
    make: (slots) => new ExecExecutor({ ...COMMON, args: ["sh", SCRIPT], count: slots }),
    cannot: {
      "return nothing": "the output is a text, and no output is the empty text",
      "throw errors with a name and members":
        "it has an exit code and a log; ExecExecutor's own tests check the error that is made of them",
      "refuse to be retried": "an exit code does not say whether another attempt may succeed",
      "return what cannot be sent": "each output is a text, or bytes",
      "get binary values": "its input is JSON, in which they are Base64",
    },
    reasons: ["SIGTERM", "SIGTERM"], // a signal has no room for a reason
    many: 10,
    isText: true,
  },
};

describe.each(Object.entries(kinds))("An executor of %s execution", (_name, kind) => {
  const { make, cannot, reasons, many, isText = false } = kind;
  const shared = new Map<number, ExecutorDriver>();

  async function driverOf(slots: number): Promise<ExecutorDriver> {
    const driver = new ExecutorDriver(make(slots), { isText });
    await driver.executor.begin({}, 0, "");
    await driver.execute({ do: "echo" }); // a program has said by then how many items it takes
    return driver;
  }

  /** An executor that earlier tests have used: a worker's executor outlives its runs as well. Nothing is under way in it. */
  async function begun(slots = 2, timeout = 0): Promise<ExecutorDriver> {
    const driver = shared.get(slots) ?? (await driverOf(slots));
    shared.set(slots, driver);
    await driver.executor.begin({}, timeout, "");
    return driver;
  }

  /** An executor that the test may close. */
  async function begunAnew(): Promise<ExecutorDriver> {
    const driver = await driverOf(2);
    onTestFinished(() => driver.end());
    return driver;
  }

  /** Leaves a case out that is about something which handlers of this kind cannot do. */
  function needs({ skip }: TestContext, ability: Ability): void {
    const why = cannot[ability];
    if (why !== undefined) skip(`these handlers cannot ${ability}: ${why}`);
  }

  afterAll(async () => {
    for (const driver of shared.values()) await driver.end();
  });

  test("returns the result of a sync and an async handler", async () => {
    const driver = await begun();
    expect(await driver.execute({ do: "echo", n: 1 })).toEqual({ do: "echo", n: 1 });
    expect(await driver.execute({ do: "wait", ms: 5 })).toEqual({ do: "wait", ms: 5 });
  });

  test("takes undefined for {}", async (context) => {
    needs(context, "return nothing");
    const driver = await begun();
    expect(await driver.execute({ do: "nothing" })).toEqual({});
  });

  test("gives the handler the item's id, attempt, task type and a signal", async () => {
    const driver = await begun();
    const { execution, outcome } = driver.start({ do: "info" });
    const id = `run/conformance/${execution.seq}`;
    expect(await outcome).toEqual({ id, attempt: 1, taskType: "conformance", aborted: false });
  });

  test("makes the error of a handler the outcome, and goes on with others", async () => {
    const driver = await begun();
    const failed = await driver.execute({ do: "throw" });
    expect(failed).toMatchObject({ retryable: true });
    expect(failed.message).toContain("out of range");
    expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" });
  });

  test("keeps the name, the message and the code of an error, thrown or rejected with", async (context) => {
    needs(context, "throw errors with a name and members");
    const driver = await begun();
    const failed = { name: "RangeError", message: "out of range", code: "E_RANGE", retryable: true };
    expect(await driver.execute({ do: "throw" })).toEqual(failed);
    expect(await driver.execute({ do: "reject" })).toMatchObject({ message: "out of range, later" });
  });

  test("fails an item for good whose error says so", async (context) => {
    needs(context, "refuse to be retried");
    const driver = await begun();
    expect(await driver.execute({ do: "throw final" })).toMatchObject({ retryable: false });
  });

  test("fails an item for good whose result cannot be sent, with the path", async (context) => {
    needs(context, "return what cannot be sent");
    const driver = await begun();
    const failed = await driver.execute({ do: "unsendable" });
    expect(failed).toMatchObject({ name: "TypeError", retryable: false });
    expect(failed.message).toContain("result.when");
  });

  test("runs as many items at a time as it has slots", async () => {
    const driver = await begun(3);
    const waits = [1, 2, 3].map(() => driver.start({ do: "until aborted" }));
    const fourth = driver.start({ do: "echo" });
    let ended = false;
    void fourth.outcome.then(() => {
      ended = true;
    });
    while (driver.executor.hasRoom()) await new Promise(setImmediate);
    expect(ended).toBe(false);
    for (const { execution } of waits) driver.executor.abort(execution);
    expect(await fourth.outcome).toEqual({ do: "echo" });
  });

  test("aborts the signal of one item only", async () => {
    const driver = await begun();
    const [first, second] = [driver.start({ do: "until aborted" }), driver.start({ do: "wait", ms: 300 })];
    await driver.executor.begin({}, 0, ""); // both have been given out by then
    await new Promise((resolve) => setTimeout(resolve, 100));
    driver.executor.abort(first.execution);
    expect(await first.outcome).toEqual({ reason: reasons[0] });
    expect(await second.outcome).toEqual({ do: "wait", ms: 300 });
  });

  test("aborts the signal at the timeout: a result still counts, an error is EXECUTION_TIMEOUT", async () => {
    const driver = await begun(2, 100);
    const [kept, lost] = [driver.start({ do: "until aborted" }), driver.start({ do: "throw when aborted" })];
    expect(await kept.outcome).toEqual({ reason: reasons[1] });
    expect(await lost.outcome).toMatchObject({ code: "EXECUTION_TIMEOUT", retryable: true });
  });

  long("gives up a handler that does not react after the grace period, and frees its slot", async () => {
    const driver = await begun(1, 1000); // a program for each item takes its time to start
    const hung = driver.start({ do: "hang" });
    const next = driver.start({ do: "echo" });
    expect(await hung.outcome).toMatchObject({ code: "EXECUTION_TIMEOUT", retryable: true });
    expect(await next.outcome).toEqual({ do: "echo" });
  });

  long(
    "waits some seconds for an aborted handler that does not react, and frees its slot",
    async (context) => {
      needs(context, "lose their slot when nobody needs their result");
      const driver = await begun(1);
      const hung = driver.start({ do: "hang" });
      await new Promise((resolve) => setTimeout(resolve, 100));
      driver.executor.abort(hung.execution);
      expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" });
      expect(await hung.outcome).toMatchObject({ name: "AbortError" });
    },
  );

  test("passes on texts of any size whole", async () => {
    const driver = await begun();
    for (const size of [0, 1, 100, 32_767, 32_768, 1_000_000]) {
      const bytes = "7".repeat(size);
      expect(await driver.execute({ do: "size", bytes })).toMatchObject({ bytes: size });
      expect(await driver.execute({ do: "echo", bytes })).toEqual({ do: "echo", bytes });
    }
  });

  test("passes on binary values of any size whole", async (context) => {
    needs(context, "get binary values");
    const driver = await begun();
    for (const size of [0, 1, 100, 32_767, 32_768, 1_000_000]) {
      const bytes = new Uint8Array(size).fill(7);
      const expected = size === 0 ? { bytes: 0 } : { bytes: size, last: 7 };
      expect(await driver.execute({ do: "size", bytes })).toEqual(expected);
    }
    const many = Array.from({ length: 50 }, (_, n) =>
      driver.execute({ do: "echo", bytes: new Uint8Array(n * 1000).fill(n) }),
    );
    for (const [n, echo] of (await Promise.all(many)).entries()) {
      expect(Buffer.compare((echo as { bytes: Uint8Array }).bytes, Buffer.alloc(n * 1000, n))).toBe(0);
    }
  });

  test("returns each of many items once", async () => {
    const driver = await begun();
    const echoes = Array.from({ length: many }, (_, n) => driver.execute({ do: "echo", n }));
    for (const [n, echo] of (await Promise.all(echoes)).entries()) expect(echo).toEqual({ do: "echo", n });
  });

  test("lets a running handler end within the grace of close()", async () => {
    const driver = await begunAnew();
    const running = driver.start({ do: "until aborted" });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await driver.executor.close(2000);
    expect(await running.outcome).toEqual({ reason: reasons[0] });
  });

  test("waits for a handler that does not end no longer than the grace of close()", async () => {
    const driver = await begunAnew();
    driver.start({ do: "hang" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await driver.executor.close(100); // or never, and the test times out
  });
});
