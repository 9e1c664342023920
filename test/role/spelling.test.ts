// What JavaScript users write, and users of the original Python library: TypeScript refuses all of it.
import { describe, expect, test } from "vitest";
import {
  BatchCollector,
  Collector,
  Distributor,
  EndpointAddress,
  MetaDataWorker,
  MultiThreadedWorker,
  Service,
  ServiceClient,
  ServiceWorker,
  SingleThreadedWorker,
  Task,
  TaskType,
} from "../../src/index.ts";

const E = new EndpointAddress("inproc://spelling");
const T = TaskType.register("spelling");

/** The class, or the instance's class, without the types that would refuse what these tests do. */
type Loose = new () => { run(options?: unknown): Promise<unknown>; stop(options?: unknown): Promise<void> };
const loose = (abstract: unknown) => abstract as Loose;

class Single extends loose(SingleThreadedWorker) {
  taskType = T;
  endpoint = E;
  collectorEndpoint = E;
}
class Multi extends loose(MultiThreadedWorker) {
  taskType: unknown = T;
  endpoint: unknown = E;
  collectorEndpoint = E;
  module = import.meta.url;
}
class Sink extends loose(Collector) {
  endpoint = E;
  ackEndpoint = E;
}
class Batches extends loose(BatchCollector) {
  endpoint = E;
  ackEndpoint = E;
}
class Parameters extends loose(MetaDataWorker) {
  endpoint = E;
}
class Answers extends loose(ServiceWorker) {
  endpoint = E;
}

const nothing = () => ({});

/** An instance with members that are assigned, as a JavaScript class would have them. */
const having = (role: new () => object, members: object) => Object.assign(new role(), members) as Single;

test.each([
  [Single, {}, "Single must have a method handleExecution()"],
  [
    Single,
    { handle_execution: nothing },
    "Single.handle_execution() is called handleExecution() in this library",
  ],
  [Single, { handleExecuton: nothing }, /handleExecution\(\); it has "handleExecuton"/],
  [Single, { handleExecution: 5 }, "Single.handleExecution must be a method"],
  [Single, { handleExecution: nothing, init_worker: nothing }, /init_worker\(\) is called initWorker\(\)/],
  [Single, { handleExecution: nothing, task_type: T }, /task_type is called taskType/],
  [
    Single,
    { handleExecution: nothing, collector_endpoint: E },
    /collector_endpoint is called collectorEndpoint/,
  ],
  [
    Single,
    { handleExecution: nothing, nThreads: 2 },
    "Single has no nThreads: it executes items on the event loop; a MultiThreadedWorker has threads",
  ],
  [
    Multi,
    { handleThreadExecution: nothing, concurrency: 2 },
    "Multi has no concurrency: each of its threads executes one item at a time; nThreads says how many threads",
  ],
  [
    Single,
    { handleExecution: nothing, concurrency: "2" },
    "Single.concurrency must be an integer from 1 to 10000, not a string",
  ],
  [
    Single,
    { handleExecution: nothing, taskType: 5 },
    "Single.taskType must be a TaskType or its name, not a number",
  ],
  [
    Single,
    { handleExecution: nothing, endpoint: "ipc://x" },
    'Single.endpoint must be an EndpointAddress: new EndpointAddress("ipc://x")',
  ],
  [
    Single,
    { handleExecution: nothing, timeout: "5" },
    "Single.timeout must be a number of ms, at least 0, not a string",
  ],
  [Multi, {}, "Multi must have a method handleThreadExecution()"],
  [
    Multi,
    { handle_thread_execution: nothing },
    /handle_thread_execution\(\) is called handleThreadExecution\(\)/,
  ],
  [Multi, { handleThreadExecution: nothing, n_threads: 4 }, /n_threads is called nThreads/],
  [
    Multi,
    { handleThreadExecution: nothing, nThreads: undefined },
    /nThreads must be an integer from 1 to 1024, not undefined/,
  ],
  [Sink, {}, "Sink must have a method handleCollection()"],
  [Sink, { handle_collection: nothing }, /handle_collection\(\) is called handleCollection\(\)/],
  [
    Sink,
    { handleCollection: nothing, handle_finished: nothing },
    /handle_finished\(\) is called handleFinished\(\)/,
  ],
  [Sink, { handleCollection: nothing, get_ack_data: nothing }, /get_ack_data\(\) is called getAckData\(\)/],
  [Sink, { handleCollection: nothing, allowInsecure: "no" }, /allowInsecure must be true or false/],
  [Batches, { handleBatches: nothing }, /handleBatch\(\); it has "handleBatches"/],
  [Parameters, { get_metadata: nothing }, /get_metadata\(\) is called getMetadata\(\)/],
  [Parameters, {}, "Parameters must have a method getMetadata()"],
  [Answers, { handle_message: nothing }, /handle_message\(\) is called handleMessage\(\)/],
  [Answers, {}, "Answers must have a method handleMessage()"],
] as const)("A role of class %o with %o is refused", async (role, members, message) => {
  const running = having(role, members).run();
  await expect(running).rejects.toThrow(message);
  await expect(running).rejects.toBeInstanceOf(TypeError);
});

test("A class for two libraries, and names that mean nothing here, are accepted", async () => {
  const both = having(Single, {
    handle_execution: nothing,
    handleExecution: nothing,
    _timeout: 5,
    endpoints: [],
    retries: 3,
  });
  const ended = AbortSignal.abort();
  await expect(both.run({ signal: ended })).resolves.toEqual({ executed: 0, failed: 0 });
});

describe("A task", () => {
  class Bare extends (Task as unknown as new () => object) {
    taskType = T;
    endpoint = E;
  }
  const register = (members: object) => {
    const distributor = new Distributor({ collectorEndpoint: E, collectorAckEndpoint: E });
    distributor.registerTask(Object.assign(new Bare(), members) as never);
  };

  test.each([
    [{}, "Bare must have either handle() or items()"],
    [
      { itmes: nothing },
      'Bare must have either handle() or items(); it has "itmes": is that what was meant?',
    ],
    [{ items: [1] }, "Bare.items must be a method"],
    [{ items: nothing, handle: nothing }, "Bare must have either handle() or items()"],
    [{ items: nothing, isAvailableForHandling: true }, "Bare.isAvailableForHandling must be a method"],
    [{ items: nothing, is_available_for_handling: nothing }, /is called isAvailableForHandling\(\)/],
    [{ items: nothing, dependencies: T }, "Bare.dependencies must be an array of TaskType"],
    [
      { items: nothing, retry: { attempt: 3 } },
      'Bare.retry has no option "attempt"; did you mean "attempts"?',
    ],
    [
      { items: nothing, retry: 3 },
      "Bare.retry must be an object: { attempts: 3 } for at most 3 executions of each item",
    ],
    [{ items: nothing, timeout: "100" }, /timeout must be a number of ms/],
    [{ items: nothing, total: "many" }, /total must be an integer/],
  ])("with %o is refused", (members, message) => {
    expect(() => register(members)).toThrow(message);
    expect(() => register(members)).toThrow(TypeError);
  });

  test("that sets is_complete is refused, when it is made or when it sets the field", () => {
    class Declared extends Bare {
      is_complete = false;
      handle = nothing;
    }
    const distributor = new Distributor({ collectorEndpoint: E, collectorAckEndpoint: E });
    expect(() => distributor.registerTask(Declared as never)).toThrow(/is_complete is called isComplete/);
    class Later extends Bare {
      handle() {
        Object.assign(this, { is_complete: true });
      }
    }
    expect(() => new Later().handle()).toThrow(/is_complete is called isComplete/);
  });
});

test("Names and arguments of the original library are answered with the right ones", async () => {
  const any = (value: unknown) => value as Record<string, (...args: unknown[]) => unknown>;
  const distributor = new Distributor({ collectorEndpoint: E, collectorAckEndpoint: E });
  expect(() => any(distributor).register_task?.(Task)).toThrow(
    /register_task\(\) is called registerTask\(\)/,
  );
  expect(() => any(TaskType).register_type?.("x")).toThrow(/register_type\(\) is called register\(\)/);
  expect(() => any(TaskType).registerType?.("x")).toThrow(/registerType\(\) is called register\(\)/);
  for (const name of ["register_task", "registerTask"])
    expect(() => any(Distributor)[name]?.("x")).toThrow(
      /is a method of an instance .*new Distributor\(…\)\.registerTask\(\)/,
    );
  class Named extends Single {
    static workerId = "mine";
    handleExecution() {}
  }
  await expect(new Named().run()).rejects.toThrow(/Named.workerId is set by the library; idPrefix says/);
  expect(() => any(TaskType).registerType?.("x")).toThrow(/registerType\(\) is called register\(\)/);
  for (const name of ["register_task", "registerTask"])
    expect(() => any(Distributor)[name]?.("x")).toThrow(
      /is a method of an instance .*new Distributor\(…\).registerTask\(\)/,
    );
  const make = (Class: unknown, ...args: unknown[]) => Reflect.construct(Class as Loose, args);
  expect(() => make(Distributor, E, E)).toThrow(
    /takes an object with collectorEndpoint, .* not an instance of EndpointAddress/,
  );
  expect(() => make(Distributor, { collector_endpoint: E })).toThrow(/did you mean "collectorEndpoint"/);
  expect(() =>
    make(Distributor, { collectorEndpoint: E, collectorAckEndpoint: E, journal: { pth: "x" } }),
  ).toThrow('journal has no option "pth"; did you mean "path"?');
  expect(() => make(Service, E, E)).toThrow(/Service takes an object with frontendEndpoint/);
  expect(() => make(ServiceClient, E, T)).toThrow(
    /ServiceClient takes an object with taskType, .* not an instance of TaskType/,
  );
  expect(() => make(ServiceClient, E, {}, T)).toThrow("new ServiceClient() takes 2 arguments, not 3");
  expect(() => make(ServiceClient, E, { timeOut: 5 })).toThrow('did you mean "timeout"?');
  expect(() => make(EndpointAddress, "ipc://x", { binds: "ipc://y" })).toThrow(/no option "binds"/);
});

test("A request with a bare type, an unknown option or too many arguments is refused", async () => {
  const client = new ServiceClient(E) as unknown as { request(...args: unknown[]): Promise<unknown> };
  await expect(client.request({}, T)).rejects.toThrow(/request\(\) takes an object with taskType/);
  await expect(client.request({}, {}, T)).rejects.toThrow("request() takes 2 arguments, not 3");
  await expect(client.request({}, { taskTyp: T })).rejects.toThrow('did you mean "taskType"?');
  await expect(client.request([{}], { settled: 1 })).rejects.toThrow("settled must be true or false");
  await expect(client.request({}, null)).rejects.toThrow("request() takes an object of options, not null");
});

test("run() and stop() take an object of options, and refuse an option in its place", async () => {
  const worker = having(Single, { handleExecution: nothing });
  await expect(worker.run(new AbortController().signal)).rejects.toThrow(
    /run\(\) takes an object with signal/,
  );
  await expect(worker.run({ singal: 1 })).rejects.toThrow('did you mean "signal"?');
  await expect(worker.stop(5)).rejects.toThrow("stop() takes an object of options, not a number");
});

test.each([
  ["SingleThreadedWorker", Single],
  ["MultiThreadedWorker", Multi],
  ["Collector", Sink],
  ["BatchCollector", Batches],
  ["MetaDataWorker", Parameters],
  ["ServiceWorker", Answers],
] as const)("The constructor of a %s takes no arguments", (_name, role) => {
  expect(() => Reflect.construct(role, [{ concurrency: 3 }])).toThrow(
    `new ${role.name}() takes no arguments; set fields of the class: concurrency`,
  );
});

test.each([
  ["closeWorkers", "closeWorker", Single],
  ["handleFailures", "handleFailure", Sink],
  ["handleFinish", "handleFinished", Sink],
] as const)("A class has no hook %s(), but %s()", async (wrong, right, role) => {
  const methods = { handleExecution: nothing, handleCollection: nothing };
  const refusal = `${role.name}.${wrong}() is not known; did you mean "${right}"?`;
  await expect(having(role, { ...methods, [wrong]: nothing }).run()).rejects.toThrow(refusal);
});
