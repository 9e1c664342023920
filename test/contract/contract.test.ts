// The API as the design promises it to those who write programs against it, hook by hook, in one program.
import { connect } from "node:net";
import { expect, expectTypeOf, test } from "vitest";
import {
  type Awaitable,
  type CollectionInfo,
  Collector,
  type CollectorSummary,
  Distributor,
  EndpointAddress,
  type ExecutionInfo,
  type Failure,
  isMain,
  type Maybe,
  MessageType,
  MetaDataWorker,
  type Payload,
  type RunSummary,
  Service,
  ServiceClient,
  ServiceWorker,
  SingleThreadedWorker,
  Task,
  TaskType,
} from "../../src/index.ts";
import { freePort } from "../support/endpoints.ts";

interface Calculation {
  workload: number;
}
interface Result {
  taken: number;
}
interface Ack {
  count: number;
}

test("A program that uses every hook of the contract runs", async () => {
  const at = async () => new EndpointAddress(`tcp://localhost:${await freePort()}`);
  const [WORKER, COLLECTOR, COLLECTOR_ACK, METADATA] = [await at(), await at(), await at(), await at()];
  const CALC = TaskType.register("contract");
  const calls: Record<string, unknown[]> = {};
  const call = (name: string, ...args: unknown[]) => {
    calls[name] ??= args;
  };

  class CalculationTask extends Task<Calculation, { key: string }, Ack> {
    readonly taskType = CALC;
    readonly endpoint = WORKER;
    override readonly dependencies: TaskType[] = [];
    #count = 0;
    override handle(data: { key: string }, address: string, msgtype: MessageType, ackData: Ack) {
      call("handle", data, address, msgtype, ackData);
      if (++this.#count >= 100) this.isComplete = true;
      return { workload: 0.01 };
    }
    override initialize(metadata: { key: string }) {
      call("initialize", metadata);
    }
    override isAvailableForHandling(lastAckData: Ack) {
      call("isAvailableForHandling", lastAckData);
      return true;
    }
  }

  class MyWorker extends SingleThreadedWorker<Calculation, Result, { key: string }> {
    readonly taskType = CALC;
    readonly endpoint = WORKER;
    readonly collectorEndpoint = COLLECTOR;
    override readonly concurrency = 1;
    override initWorker() {
      call("initWorker", this.metadata);
    }
    handleExecution(data: Calculation, { taskType, id, attempt, signal }: ExecutionInfo) {
      call("handleExecution", data, taskType, typeof id, attempt, signal.aborted);
      if (id.endsWith("/99")) throw Object.assign(new Error("last one"), { retryable: false });
      return { taken: data.workload };
    }
  }

  class MyCollector extends Collector<Result, Ack, { key: string }> {
    readonly endpoint = COLLECTOR;
    readonly ackEndpoint = COLLECTOR_ACK;
    handleCollection(data: Result, taskType: TaskType, msgtype: MessageType, info: CollectionInfo) {
      call("handleCollection", data, taskType, msgtype, typeof info.id);
    }
    override handleFailure(failure: Failure<object>, taskType: TaskType) {
      call("handleFailure", failure.data, failure.error.message, failure.attempts, taskType);
    }
    override handleFinished(data: CollectorSummary, taskType: TaskType) {
      call("handleFinished", data.collected, data.failed, taskType);
    }
    override getAckData() {
      return { count: 1 };
    }
  }

  class MyMetaData extends MetaDataWorker {
    readonly endpoint = METADATA;
    getMetadata() {
      return { key: "value" };
    }
  }

  const distributor = new Distributor({
    collectorEndpoint: COLLECTOR,
    collectorAckEndpoint: COLLECTOR_ACK,
    receiveMetadata: true,
    metadataEndpoint: METADATA,
  });
  distributor.registerTask(CalculationTask);
  const [summary] = await Promise.all([
    distributor.run(),
    new MyWorker().run(),
    new MyCollector().run(),
    new MyMetaData().run(),
  ]);

  expect(summary).toMatchObject({
    status: "complete",
    tasks: { contract: { items: 100, acked: 99, failed: 1, retried: 0 } },
  });
  expect(summary.duration).toBeGreaterThan(0);
  expect(calls).toEqual({
    initialize: [{ key: "value" }],
    isAvailableForHandling: [{}],
    handle: [{ key: "value" }, expect.any(String), MessageType.RDY, {}],
    initWorker: [{ key: "value" }],
    handleExecution: [{ workload: 0.01 }, CALC, "string", 1, false],
    handleCollection: [{ taken: 0.01 }, CALC, MessageType.DATA, "string"],
    handleFailure: [{ workload: 0.01 }, "last one", 1, CALC],
    handleFinished: [99, 1, CALC],
  });
  expect(isMain(import.meta)).toBe(false);
});

test("Payloads, results, metadata and ACK data are typed throughout, without any", () => {
  expectTypeOf<ReturnType<Distributor["run"]>>().toEqualTypeOf<Promise<RunSummary>>();
  type Handle = NonNullable<Task<Calculation, { key: string }, Ack>["handle"]>;
  expectTypeOf<Parameters<Handle>>().toEqualTypeOf<[{ key: string }, string, MessageType, Ack]>();
  expectTypeOf<ReturnType<Handle>>().toEqualTypeOf<Awaitable<Maybe<Calculation>>>();
  type Execute = SingleThreadedWorker<Calculation, Result>["handleExecution"];
  expectTypeOf<Parameters<Execute>[0]>().toEqualTypeOf<Calculation>();
  expectTypeOf<Parameters<Collector<Result>["handleCollection"]>[0]>().toEqualTypeOf<Result>();
  expectTypeOf<Task["metadata"]>().toEqualTypeOf<Payload>();
});

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

// All of 127.0.0.0/8 is this machine on Linux, which makes a second interface of it.
test.runIf(process.platform === "linux")(
  "An endpoint of localhost binds the loopback only, one of * every interface",
  async () => {
    class Sink extends Collector {
      readonly endpoint: EndpointAddress;
      readonly ackEndpoint: EndpointAddress;
      override readonly allowInsecure = true;
      constructor(host: string, port: number, ackPort: number) {
        super();
        this.endpoint = new EndpointAddress(`tcp://${host}:${port}`);
        this.ackEndpoint = new EndpointAddress(`tcp://localhost:${ackPort}`);
      }
      handleCollection() {}
    }
    for (const host of ["localhost", "*"]) {
      const port = await freePort();
      await using sink = new Sink(host, port, await freePort());
      const running = sink.run();
      while (!(await connects("127.0.0.1", port))) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await connects("127.0.0.2", port)).toBe(host === "*");
      await sink.stop();
      await running;
    }
  },
);

test("A service of the contract replies", async () => {
  const at = async () => new EndpointAddress(`tcp://localhost:${await freePort()}`);
  const [FRONT, BACK] = [await at(), await at()];
  const T = TaskType.register("contract service");
  const seen: unknown[] = [];
  class Upper extends ServiceWorker<{ message: string }, { message: string }> {
    override readonly taskType = T;
    readonly endpoint = BACK;
    handleMessage(data: { message: string }, taskType: TaskType, msgtype: MessageType) {
      seen.push(taskType, msgtype);
      return { message: data.message.toUpperCase() };
    }
  }
  const service = new Service({ frontendEndpoint: FRONT, backendEndpoint: BACK });
  const running = [service.run(), new Upper().run()];
  const client = new ServiceClient<{ message: string }, { message: string }>(FRONT, { taskType: T });
  const one = await client.request({ message: "hello" });
  const list = await client.request([{ message: "a" }, { message: "b" }]);
  const settled = await client.request([{ message: "c" }], { settled: true });
  expectTypeOf(one).toEqualTypeOf<{ message: string }>();
  expectTypeOf(list).toEqualTypeOf<{ message: string }[]>();
  expectTypeOf(settled).toEqualTypeOf<PromiseSettledResult<{ message: string }>[]>();
  expect([one, ...list]).toEqual([{ message: "HELLO" }, { message: "A" }, { message: "B" }]);
  expect(settled).toEqual([{ status: "fulfilled", value: { message: "C" } }]);
  expect(seen.slice(0, 2)).toEqual([T, MessageType.DATA]);
  await client.stop();
  await service.stop();
  await Promise.all(running);
});
