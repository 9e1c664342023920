// What users write, compiled against the packed types with the settings that users have. It is not executed.
import {
  BatchCollector,
  type CollectedResult,
  type CollectionInfo,
  Collector,
  createPool,
  Distributor,
  defineCollector,
  definePipeline,
  defineTask,
  defineWorker,
  EndpointAddress,
  type ExecutionInfo,
  type Failure,
  isMain,
  type MessageType,
  MetaDataWorker,
  MultiThreadedWorker,
  map,
  Pipeline,
  type PipelineOptions,
  Service,
  ServiceClient,
  ServiceWorker,
  SingleThreadedWorker,
  Task,
  TaskType,
} from "zmqpipeline";

type Squares = typeof import("./square.ts");
interface Item {
  n: number;
}
interface Result {
  n: number;
  square: number;
}

const FILE = new URL("./square.ts", import.meta.url);
const WORK = new EndpointAddress("tcp://localhost:5550");
const RESULTS = new EndpointAddress("tcp://localhost:5558");
const ACKS = new EndpointAddress("tcp://localhost:5559");

class Numbers extends Task<Item, { most: number }, { last: number }> {
  readonly taskType = "square";
  readonly endpoint = WORK;
  override readonly retry = { attempts: 2 };
  #n = 0;
  override handle(metadata: { most: number }) {
    if (++this.#n >= metadata.most) this.isComplete = true;
    return { n: this.#n };
  }
  override isAvailableForHandling({ last }: { last: number }): boolean {
    return last !== 0;
  }
}

class Bare extends Task<Item> {
  static readonly taskType = TaskType.register("bare");
  static readonly dependencies = ["square"];
  override *items() {
    yield { n: 1 };
  }
  override key({ n }: Item) {
    return `${n}`;
  }
}

class Squarer extends SingleThreadedWorker<Item, Result, { most: number }> {
  readonly taskType = "square";
  readonly endpoint = WORK;
  readonly collectorEndpoint = RESULTS;
  override readonly concurrency = 2;
  handleExecution({ n }: Item, { id, signal }: ExecutionInfo) {
    signal.throwIfAborted();
    if (n > this.metadata.most) throw new RangeError(id);
    return { n, square: n * n };
  }
}

class Threads extends MultiThreadedWorker<Item, Result> {
  readonly module = import.meta.url;
  static readonly taskType = "bare";
  handleThreadExecution({ n }: Item, _index: number, _info: ExecutionInfo) {
    return { n, square: n * n };
  }
}

class Sum extends Collector<Result, { last: number }, { most: number }> {
  readonly endpoint = RESULTS;
  readonly ackEndpoint = ACKS;
  sum = 0;
  handleCollection({ square }: Result, _taskType: TaskType, _msgtype: MessageType, info: CollectionInfo) {
    this.sum += square;
    return { last: info.attempt };
  }
  override handleFailure({ id, error: { message } }: Failure<object>) {
    console.error(id, message);
  }
}

class Batches extends BatchCollector<Result> {
  async handleBatch(results: readonly CollectedResult<Result>[]) {
    // @ts-expect-error: with noUncheckedIndexedAccess, an element may be missing; without it, there is no such property
    console.log(results[0].squares);
  }
}

class Limits extends MetaDataWorker<{ most: number }> {
  readonly endpoint = new EndpointAddress("tcp://localhost:5551");
  getMetadata() {
    return { most: 10 };
  }
}

const workers = defineWorker<Squares>({ module: FILE, count: 2 });
const options: PipelineOptions = {
  tasks: [Bare, { taskType: "short", items: [{ n: 1 }], dependencies: ["bare"] }],
  workers: [{ module: FILE, taskType: "bare" }, workers],
  collector: Batches,
  onFinished: ({ status, tasks }) => console.log(status, tasks.bare?.acked),
};
const pipeline = new Pipeline(
  definePipeline({
    tasks: [defineTask({ taskType: "square", items: [{ n: 1 }], key: ({ n }) => `${n}` })],
    workers,
    collector: ({ square }, { id, msgtype }) => console.log(square.toFixed(), id, msgtype),
    onFailure: ({ data: { n }, taskType }) => console.log(n.toFixed(), taskType.name),
    onProgress: ({ workers }) => console.log(workers),
  }),
);
definePipeline({
  tasks: [Numbers],
  workers: defineWorker<typeof Squarer>({ module: FILE }),
  collector: Sum,
  metadata: { most: 3 },
});
definePipeline({
  tasks: [{ taskType: "square", items: [{ n: 1 }] }],
  workers,
  // @ts-expect-error: a typo
  collector: ({ sqare }) => console.log(sqare),
});
const collector = defineCollector<Squares>(({ square }) => console.log(square));

export async function main(): Promise<void> {
  for await (const { square } of map<Squares>([{ n: 1 }], FILE, { ordered: false }))
    console.log(square.toFixed());
  // @ts-expect-error: the function takes objects
  map<Squares>([1], FILE);
  const pool = createPool<Squares>(FILE, { workers: 1 });
  const { square } = await pool.run({ n: 2 }, { timeout: 100 });
  for (const each of await pool.map([{ n: 3 }]).toArray()) console.log(each.square + square);
  await pool.close();
  const { status } = await new Pipeline(options).run({ signal: AbortSignal.timeout(1000) });
  console.log(status, pipeline.progress, collector.length, Threads.taskType);
  const distributor = new Distributor({ collectorEndpoint: RESULTS, collectorAckEndpoint: ACKS });
  distributor.registerTask(Numbers);
  const [{ tasks }] = await Promise.all([
    distributor.run(),
    new Squarer().run(),
    new Sum().run(),
    new Limits().run(),
  ]);
  for (const [name, { acked }] of Object.entries(tasks)) console.log(name, acked);
}

class Upper extends ServiceWorker<{ text: string }, { text: string }> {
  readonly endpoint = RESULTS;
  override readonly taskType = "upper";
  handleMessage({ text }: { text: string }) {
    return { text: text.toUpperCase() };
  }
}

export async function serve(): Promise<void> {
  const service = new Service({ frontendEndpoint: WORK, backendEndpoint: RESULTS });
  const client = new ServiceClient<{ text: string }, { text: string }>(WORK, { taskType: "upper" });
  const running = [service.run(), new Upper().run()];
  const [first] = await client.request([{ text: "a" }]);
  console.log(first?.text);
  await Promise.all([client.stop(), service.stop(), ...running]);
}

if (isMain(import.meta)) await main();
