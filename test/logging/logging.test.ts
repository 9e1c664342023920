import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  configureLogging,
  EndpointAddress,
  getLogger,
  Service,
  ServiceClient,
  ServiceWorker,
  TaskType,
} from "../../src/index.ts";
import { BoundedLog, RoleLog } from "../../src/logging/logger.ts";
import { freshEndpoints, serviceEndpoints, tempFolder } from "../support/endpoints.ts";
import { LongTask, makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

afterEach(async () => {
  await reset();
  vi.restoreAllMocks();
});

const lines = (file: string) => readFileSync(file, "utf8").split("\n").slice(0, -1);

describe("configureLogging()", () => {
  test("takes formats, levels and propagation from the dictionary", () => {
    const folder = tempFolder();
    const [all, own] = [join(folder, "all.log"), join(folder, "own.log")];
    configureLogging({
      version: 1,
      formatters: { short: { format: "%(levelname)-8s|%(name)s|%(message)s 100%%" } },
      handlers: {
        all: { class: "logging.FileHandler", filename: all, formatter: "short" },
        own: { class: "file", filename: own, level: "ERROR" },
      },
      loggers: {
        zmqpipeline: { handlers: ["all"], level: "INFO" },
        "zmqpipeline.worker": { level: "DEBUG" },
        "zmqpipeline.task": { handlers: ["own"], level: "WARNING", propagate: false },
      },
    });
    getLogger("zmqpipeline.distributor").info("count {n}", { n: 5 });
    getLogger("zmqpipeline.distributor").debug("below the level");
    getLogger("zmqpipeline.worker").debug("its own level, its parent's handler");
    getLogger("zmqpipeline.task.FirstTask").error("a user's logger");
    getLogger("zmqpipeline.task.FirstTask").warning("below the handler's level");
    getLogger("zmqpipeline.task").info("below the logger's level");
    expect(lines(all)).toEqual([
      "INFO    |zmqpipeline.distributor|count 5 100%",
      "DEBUG   |zmqpipeline.worker|its own level, its parent's handler 100%",
    ]);
    expect(lines(own)).toEqual(["ERROR a user's logger"]);
  });

  test("has the ready-made formats simple and verbose; verbose has time, module, process and thread", () => {
    const file = join(tempFolder(), "log");
    configureLogging({
      handlers: { file: { class: "file", filename: file, formatter: "verbose" } },
      loggers: { zmqpipeline: { handlers: ["file"], level: "INFO" } },
    });
    getLogger("zmqpipeline.collector").warning("hello");
    const [line = ""] = lines(file);
    expect(line).toMatch(/^WARNING \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} collector \d+ \d+ hello$/);
    expect(line).toContain(` ${process.pid} `);
  });

  test("writes to stderr or stdout with the console handler", () => {
    const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    configureLogging({
      handlers: { err: { class: "console" }, out: { class: "logging.StreamHandler", stream: "stdout" } },
      loggers: {
        zmqpipeline: { handlers: ["err"], level: "INFO" },
        other: { handlers: ["out"], level: "INFO" },
      },
    });
    getLogger("zmqpipeline.x").info("one");
    getLogger("other").info("two");
    expect(err).toHaveBeenCalledWith("INFO one\n");
    expect(out).toHaveBeenCalledWith("two\n"); // as in Python, for its own class
  });

  test.each([
    [{ handlers: {}, loggers: { a: { handlers: ["x"] } } }, /Unknown handler "x" in logger "a"/],
    [
      { handlers: { h: { class: "console", formatter: "odd" } }, loggers: {} },
      /Unknown formatter "odd" in handler "h"/,
    ],
    [{ handlers: { h: { class: "smtp" } }, loggers: {} }, /must be console or file/],
    [{ handlers: { h: { class: "file" } }, loggers: {} }, /must have a filename/],
    [{ handlers: {}, loggers: { a: { level: "LOUD" } } }, /Unknown level "LOUD"/],
    [
      {
        formatters: { f: { format: "%(nope)s" } },
        handlers: { h: { class: "console", formatter: "f" } },
        loggers: {},
      },
      /%\(nope\)s must be one of/,
    ],
  ])("wrong configurations are TypeErrors that name what is wrong: %#", (config, message) => {
    expect(() => configureLogging(config as never)).toThrow(TypeError);
    expect(() => configureLogging(config as never)).toThrow(message);
  });
});

/** Runs a pipeline with secret payloads and one failure. */
async function run(): Promise<void> {
  const endpoints = await freshEndpoints("inproc");
  class Secretive extends NumbersTask {
    override handle(...args: Parameters<NumbersTask["handle"]>) {
      return Object.assign(super.handle(...args) as { n: number }, { secret: "hunter2" });
    }
  }
  const worker = new NumbersWorker(endpoints, (data) => {
    if (data.n === 2) throw Object.assign(new Error("handler's own words"), { retryable: false });
    return { secret: "hunter2" };
  });
  await Promise.all([
    makeDistributor(endpoints, new Secretive(endpoints, 5)).run(),
    worker.run(),
    new NumbersCollector(endpoints).run(),
  ]);
}

/** Everything that is logged from now on, through LogTape's own `configure`. */
async function recordLogs(): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  await configure({
    sinks: { memory: (record) => records.push(record) },
    loggers: [
      { category: "zmqpipeline", sinks: ["memory"], lowestLevel: "debug" },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  return records;
}

test("Logging is silent until it is configured", async () => {
  const writes = [vi.spyOn(process.stderr, "write"), vi.spyOn(process.stdout, "write")];
  await run();
  for (const write of writes) expect(write).not.toHaveBeenCalled();
});

test("Logging of roles goes to their own loggers, with facts and never a payload; LogTape's configure works too", async () => {
  const records = await recordLogs();
  await run();
  const names = new Set(records.map(({ category }) => category.join(".")));
  expect([...names].sort()).toEqual([
    "zmqpipeline.collector",
    "zmqpipeline.distributor",
    "zmqpipeline.task",
    "zmqpipeline.worker",
  ]);
  expect(JSON.stringify(records)).not.toContain("hunter2");
  const failed = records.find(({ level }) => level === "warning");
  expect(failed?.properties).toMatchObject({
    role: "worker",
    taskType: "numbers",
    attempt: 1,
    message: "handler's own words",
  });
});

test("Logging of roles has a line for each connection at INFO, and for each message at DEBUG with its type, task and sizes", async () => {
  const records = await recordLogs();
  await run();
  const text = records.map(({ level, category, message }) => `${level} ${category[1]} ${message.join("")}`);
  const has = (line: RegExp) =>
    expect(
      text.some((one) => line.test(one)),
      String(line),
    ).toBe(true);
  has(/^info worker connected .*endpoint=inproc:/);
  has(/^info distributor connected .*endpoint=inproc:/);
  has(/^info distributor peer connected .*peer=worker peerId=\S+ taskType=numbers endpoint=inproc:/);
  has(/^info collector peer connected .*peer=distributor/);
  has(/^info task all items produced role=task taskType=numbers items=5/);
  has(/^debug worker message received .*type=grant items=\d+ bytes=[1-9]\d*/);
  has(/^debug worker message sent .*type=result items=\d+ bytes=[1-9]\d*/);
  has(/^debug collector message sent .*type=ack taskType=numbers items=\d+/);
  expect(text.filter((line) => /^debug.*hunter2/.test(line))).toEqual([]);
});

test("Logging of connections has one line for each that begins and one for each that ends, with names that can be read", async () => {
  const records = await recordLogs();
  const endpoints = await freshEndpoints("ipc");
  await Promise.all([
    makeDistributor(endpoints, new NumbersTask(endpoints, 5)).run(),
    new NumbersWorker(endpoints).run(),
    new NumbersCollector(endpoints).run(),
  ]);
  const count = (role: string, event: string) => {
    const own = records.filter(({ level, category, rawMessage }) => {
      const text = String(rawMessage);
      return level === "info" && category[1] === role && text.startsWith(`${event} `);
    });
    for (const { properties } of own) {
      if ("connection" in properties) expect(properties.connection).toMatch(/^\d+:[0-9a-f]+$/);
    }
    return own.length;
  };
  for (const [role, began, ended, links] of [
    ["worker", "connected", "disconnected", 2],
    ["distributor", "connected", "disconnected", 2],
    ["distributor", "peer connected", "peer disconnected", 1],
    ["collector", "peer connected", "peer disconnected", 3],
  ] as const) {
    expect({ role, began: count(role, began), ended: count(role, ended) }).toEqual({
      role,
      began: links,
      ended: links,
    });
  }
});

test("Logging of connections has the end of a worker's that leaves, while the run goes on", async () => {
  const records = await recordLogs();
  const endpoints = await freshEndpoints("tcp");
  const task = new LongTask(endpoints);
  const [leaver, stayer] = [new NumbersWorker(endpoints), new NumbersWorker(endpoints)];
  const roles = [makeDistributor(endpoints, task), stayer, new NumbersCollector(endpoints)];
  const runs = roles.map((role) => role.run());
  const leaving = leaver.run();
  const began = (event: string) =>
    records.filter(
      ({ category, rawMessage }) =>
        category[1] === "distributor" && String(rawMessage).startsWith(`${event} `),
    ).length;
  await expect.poll(() => began("peer connected")).toBe(2);
  await leaver.stop();
  await leaving;
  await expect.poll(() => began("peer disconnected")).toBe(1);
  task.isWanted = false;
  await Promise.all(runs);
  expect(began("peer disconnected")).toBe(2);
});

test("Logging of a service's client has its connection and its requests", async () => {
  const records = await recordLogs();
  const { front, back } = await serviceEndpoints("inproc");
  const [frontendEndpoint, backendEndpoint] = [new EndpointAddress(front), new EndpointAddress(back)];
  const taskType = TaskType.register("logged");
  class Echo extends ServiceWorker {
    override readonly taskType = taskType;
    readonly endpoint = backendEndpoint;
    handleMessage() {
      return { secret: "hunter2" };
    }
  }
  const [service, worker] = [new Service({ frontendEndpoint, backendEndpoint }), new Echo()];
  const client = new ServiceClient(frontendEndpoint, { taskType });
  const runs = [service.run(), worker.run()];
  await client.request({ secret: "hunter2" });
  await client.stop();
  await Promise.all([worker.stop(), service.stop(), ...runs]);
  const text = records.map(({ level, category, message }) => `${level} ${category[1]} ${message.join("")}`);
  expect(text.some((line) => /^info serviceclient connected/.test(line))).toBe(true);
  expect(
    text.some((line) =>
      /^debug serviceclient message sent .*type=request taskType=logged items=1/.test(line),
    ),
  ).toBe(true);
  expect(text.some((line) => /^info service peer connected .*peer=serviceclient/.test(line))).toBe(true);
  expect(JSON.stringify(records)).not.toContain("hunter2");
});

test("Logging of floods has a bounded rate, and their count", async () => {
  const records = await recordLogs();
  const log = new BoundedLog(new RoleLog("collector"), "refused");
  for (let i = 0; i < 10_000; i++) log.add({ reason: "x" });
  expect(records.length).toBeLessThanOrEqual(2);
  expect(records[0]?.properties).toMatchObject({ count: 1, reason: "x" });
});

test("Logging of roles keeps a line one line, whatever a peer calls itself", async () => {
  const records: LogRecord[] = [];
  await configure({
    sinks: { records: (record) => records.push(record) },
    loggers: [
      { category: "zmqpipeline", sinks: ["records"], lowestLevel: "info" },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  const name = "w\r\nINFO run ended\u001b[2J\u202e";
  new RoleLog("worker").write("info", "peer connected", { peerId: name, items: 3 });
  expect(records.map(({ message }) => message.join(""))).toEqual([
    "peer connected role=worker peerId=w\\u000d\\u000aINFO run ended\\u001b[2J\\u202e items=3",
  ]);
});
