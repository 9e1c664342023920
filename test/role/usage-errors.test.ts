import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  configureLogging,
  createPool,
  Distributor,
  EndpointAddress,
  Inspector,
  isMain,
  map,
  NdjsonCollector,
  Pipeline,
  PostgresCollector,
  Security,
  Service,
  ServiceClient,
  SingleThreadedWorker,
  Task,
  TaskType,
} from "../../src/index.ts";
import { ended, LIBRARY, startProgram } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";

const FILE = new URL("./square.mjs", import.meta.url);
const E = new EndpointAddress("inproc://usage-errors");
const T = TaskType.register("usage-errors");
const SOURCES = fileURLToPath(new URL("../../src/", import.meta.url));

/** Calls with arguments that no compiler would let through. */
const any = (value: unknown) => value as never;

class Square extends SingleThreadedWorker {
  taskType = T;
  endpoint = E;
  collectorEndpoint = E;
  handleExecution() {}
}

function distributor(): Distributor {
  return new Distributor({ collectorEndpoint: E, collectorAckEndpoint: E });
}

/** A task with these members, as JavaScript may have it. */
function register(members: object): void {
  class Bare extends Task {
    taskType = T;
    endpoint = E;
    override *items() {
      yield {};
    }
  }
  distributor().registerTask(Object.assign(new Bare(), members));
}

const PLAN = { tasks: [{ taskType: T, items: [] }], workers: { module: FILE }, collector: () => {} };

/** Each way of wrong use, and what the message says. */
const MISUSES: readonly (readonly [name: string, misuse: () => unknown, message: string])[] = [
  ["map() with a typing error", () => map([], FILE, any({ worker: 2 })), 'did you mean "workers"?'],
  [
    "map() with retry as a number",
    () => map([], FILE, any({ retry: 5 })),
    "retry must be an object: { attempts: 5 } for at most 5 executions of each item",
  ],
  [
    "map() with retry false",
    () => map([], FILE, any({ retry: false })),
    "{ attempts: 1 } for at most 1 execution",
  ],
  [
    "map() with p-retry's retries",
    () => map([], FILE, any({ retry: { retries: 2 } })),
    'did you mean "attempts"?',
  ],
  [
    "map() with BullMQ's backoff",
    () => map([], FILE, any({ retry: { backoff: { type: "fixed" } } })),
    "retry.backoff must be a number of ms, at least 0, not an object",
  ],
  [
    "map() with no attempts",
    () => map([], FILE, { retry: { attempts: 0 } }),
    "retry.attempts 0 must be an integer",
  ],
  [
    "map() with BullMQ's attempts",
    () => map([], FILE, any({ attempts: 2 })),
    "did you mean retry: { attempts }?",
  ],
  [
    "map() with p-map's stopOnError",
    () => map([], FILE, any({ stopOnError: false })),
    'did you mean "settled"?',
  ],
  ["map() with piscina's maxThreads", () => map([], FILE, any({ maxThreads: 2 })), 'did you mean "threads"?'],
  ["map() with a delay", () => map([], FILE, any({ delay: 5 })), "nothing is delayed or scheduled here"],
  ["map() with a limiter", () => map([], FILE, any({ limiter: {} })), "no rate is limited here"],
  ["map() with workerData", () => map([], FILE, any({ workerData: {} })), "put it into each input"],
  ["map() with count", () => map([], FILE, any({ count: 2 })), 'did you mean "workers"?'],
  [
    "map() with a function",
    () =>
      map(
        [],
        any(() => 1),
      ),
    "let a file of its own export it",
  ],
  ["map() without a file", () => map([], any(undefined)), "it is called as map(inputs, file, options)"],
  [
    "map() with a wrong timeout",
    () => map([], FILE, { timeout: -1 }),
    "timeout -1 must be a number of ms, at least 0",
  ],
  [
    "map() with wrong restarts",
    () => map([], FILE, { restarts: -1 }),
    "restarts -1 must be an integer of at least 0",
  ],
  [
    "map() with threads and concurrency",
    () => map([], FILE, { threads: 2, concurrency: 2 }),
    "map() has threads and concurrency",
  ],
  [
    "createPool() with a filename",
    () => createPool(any({ filename: "x" })),
    "it is called as createPool(file, options)",
  ],
  ["createPool() with maxQueue", () => createPool(FILE, any({ maxQueue: 2 })), "any number may wait"],
  ["createPool() with retry", () => createPool(FILE, any({ retries: 2 })), "what fails is not repeated here"],
  [
    "a Pipeline with wrong workers",
    () => new Pipeline(any({ ...PLAN, workers: { module: FILE, workers: 2 } })),
    'workers has no option "workers"; did you mean "count"?',
  ],
  [
    "a Pipeline whose count is too small",
    () => new Pipeline({ ...PLAN, workers: [{ module: FILE, count: -1 }] }),
    "workers[0].count -1 must be an integer",
  ],
  [
    "a Pipeline with a function as module",
    () => new Pipeline(any({ ...PLAN, workers: { module: () => 1 } })),
    "workers.module must be the file that exports the function",
  ],
  [
    "a Pipeline with workerData",
    () => new Pipeline(any({ ...PLAN, workerData: {} })),
    'did you mean "metadata"?',
  ],
  [
    "a Pipeline whose task has retry as a number",
    () => new Pipeline(any({ ...PLAN, tasks: [{ taskType: T, items: [], retry: 2 }] })),
    "tasks[0].retry must be an object: { attempts: 2 }",
  ],
  [
    "a task with retry as a number",
    () => register({ retry: 2 }),
    "Bare.retry must be an object: { attempts: 2 }",
  ],
  [
    "a task with a typing error",
    () => register({ timout: 2 }),
    'Bare.timout is not known; did you mean "timeout"?',
  ],
  ["a task class that throws it", () => distributor().registerTask(any({})), "registerTask() takes a Task"],
  ["a Distributor", () => new Distributor(any({ collectorEndpoit: E })), 'did you mean "collectorEndpoint"?'],
  [
    "a Service",
    () => new Service(any({ frontendEndpoint: 1 })),
    "frontendEndpoint must be an EndpointAddress",
  ],
  ["a ServiceClient", () => new ServiceClient(E, any({ timeOut: 1 })), 'did you mean "timeout"?'],
  [
    "an Inspector",
    () => new Inspector(E, any({ server: "both" })),
    'server must be "distributor" or "service"',
  ],
  ["an NdjsonCollector", () => new NdjsonCollector(any({ file: "x" })), 'did you mean "path"?'],
  [
    "an NdjsonCollector's endpoint",
    () => new NdjsonCollector(any({ path: "x", endpoint: "y" })),
    "endpoint must be",
  ],
  ["a PostgresCollector", () => new PostgresCollector(any({ connection: "x" })), 'did you mean "database"?'],
  ["an EndpointAddress", () => new EndpointAddress("tcp:/x"), 'Endpoint "tcp:/x" must be'],
  ["a private endpoint", () => EndpointAddress.private("a/b"), "must be a file name"],
  ["a TaskType", () => new TaskType("usage-errors-never"), "must be registered first"],
  ["TaskType.register()", () => TaskType.register(any(5)), "must be a string"],
  [
    "an old name",
    () => (TaskType as unknown as Record<string, () => void>).register_type?.(),
    "is called register()",
  ],
  ["Security.load()", () => Security.load(any(undefined)), "takes the path of a key file"],
  ["configureLogging()", () => configureLogging(any({ handler: {} })), "handler"],
  ["isMain()", () => isMain(any(undefined)), "isMain() takes import.meta"],
  [
    "a stopTimeout",
    () => {
      new Square().stopTimeout = -1;
    },
    "stopTimeout -1 must be",
  ],
  [
    "a stopTimeout that is a field of a class",
    () => Object.defineProperty(new Square(), "stopTimeout", { value: -1 }).run(),
    "Square.stopTimeout -1 must be",
  ],
  ["run() of a role", () => new Square().run(any({ singal: 1 })), 'did you mean "signal"?'],
  ["stop() of a role", () => new Square().stop(any(5)), "stop() takes an object of options"],
  [
    "a worker with a typing error",
    () => Object.assign(new Square(), { concurency: 2 }).run(),
    'Square.concurency is not known; did you mean "concurrency"?',
  ],
  [
    "request() of a client",
    () => new ServiceClient(E).request({}, any({ timout: 1 })),
    'did you mean "timeout"?',
  ],
];

describe("An error of wrong use begins at the user's line, without a frame of the library:", () => {
  test.each(MISUSES)("%s", async (_name, misuse, message) => {
    const error = await Promise.resolve()
      .then(misuse)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(Error);
    const { message: text, stack = "" } = error as Error;
    expect(text).toContain(message);
    const frames = stack.split("\n").filter((line) => /^ +at /.test(line));
    expect(frames[0]).toContain("usage-errors.test.ts");
    expect(frames.filter((frame) => frame.includes(SOURCES))).toEqual([]);
  });
});

describe("A member with a name of the user's own is accepted:", () => {
  test.each(["handler", "resumed", "endpoints", "keys", "totals", "incomplete", "retries", "_timout"])(
    "%s",
    (name) => {
      expect(() => register({ [name]: 1 })).not.toThrow();
    },
  );
});

test("An error that the user's class throws while it is registered keeps its stack", () => {
  class Broken extends Task {
    taskType = T;
    endpoint = E;
    broken = (undefined as unknown as { readonly x: number }).x;
    override *items() {
      yield {};
    }
  }
  expect(() => distributor().registerTask(Broken)).toThrow(/undefined/);
  try {
    distributor().registerTask(Broken);
  } catch (error) {
    expect((error as Error).stack).toContain("registerTask");
  }
});

test("A program that uses the library wrongly ends with its own line, not with one of the library", async () => {
  const file = join(tempFolder(), "wrong.mjs");
  writeFileSync(
    file,
    `import { map } from ${JSON.stringify(LIBRARY)};\n\nmap([1], "./f.mjs", { worker: 2 });\n`,
  );
  const { code, err } = await ended(startProgram([file]));
  expect(err).toContain("wrong.mjs:3");
  expect(err).not.toContain("dist/");
  expect(code).toBe(1);
});
