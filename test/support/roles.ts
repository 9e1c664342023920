import {
  type CollectionInfo,
  Collector,
  Distributor,
  type DistributorOptions,
  type ExecutionInfo,
  type Failure,
  type MessageType,
  type Payload,
  SingleThreadedWorker,
  Task,
  TaskType,
} from "../../src/index.ts";
import { address, type PipelineEndpoints } from "./endpoints-of.ts";

export const NUMBERS = TaskType.register("numbers");

/** Items { n: 0 }, { n: 1 }, … */
export class NumbersTask extends Task<{ n: number }> {
  readonly taskType: TaskType = NUMBERS;
  readonly endpoint;
  produced = 0;
  readonly #count: number;

  constructor(endpoints: PipelineEndpoints, count: number) {
    super();
    this.endpoint = address(endpoints.task);
    this.#count = count;
  }

  override handle(
    _data: Payload,
    _address: string,
    _msgtype: MessageType,
    _ackData: Payload,
  ): { n: number } | Promise<{ n: number }> {
    if (this.produced + 1 >= this.#count) this.isComplete = true;
    return { n: this.produced++ };
  }
}

/** Produces items until the test stops it. */
export class LongTask extends NumbersTask {
  isWanted = true;
  constructor(endpoints: PipelineEndpoints) {
    super(endpoints, Number.POSITIVE_INFINITY);
  }
  override async handle(...args: Parameters<NumbersTask["handle"]>) {
    if (this.produced % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    if (!this.isWanted) this.isComplete = true;
    return await super.handle(...args);
  }
}

type Handler = (
  data: { n: number },
  info: ExecutionInfo,
) => Payload | undefined | Promise<Payload | undefined>;

/** Returns its item, or the result of a given handler. */
export class NumbersWorker extends SingleThreadedWorker<{ n: number }> {
  readonly taskType: TaskType = NUMBERS;
  readonly endpoint;
  readonly collectorEndpoint;
  override readonly concurrency: number;
  readonly #handler: Handler;

  constructor(endpoints: PipelineEndpoints, handler: Handler = (data) => data, concurrency = 1) {
    super();
    this.endpoint = address(endpoints.task);
    this.collectorEndpoint = address(endpoints.collector);
    this.concurrency = concurrency;
    this.#handler = handler;
  }

  handleExecution(data: { n: number }, info: ExecutionInfo) {
    return this.#handler(data, info);
  }
}

/** Counts how often each item was collected, and keeps failures. */
export class NumbersCollector extends Collector<{ n: number }> {
  readonly endpoint;
  readonly ackEndpoint;
  override readonly peerTimeout: number = 30_000;
  readonly seen = new Map<number, number>();
  readonly failures: Failure<object>[] = [];
  finished = 0;

  constructor(endpoints: PipelineEndpoints) {
    super();
    this.endpoint = address(endpoints.collector);
    this.ackEndpoint = address(endpoints.ack);
  }

  handleCollection(
    { n }: { n: number },
    _taskType: TaskType,
    _msgtype: MessageType,
    _info: CollectionInfo,
  ): Payload | undefined | Promise<Payload | undefined> {
    this.seen.set(n, (this.seen.get(n) ?? 0) + 1);
    return undefined;
  }

  override handleFailure(failure: Failure<object>): void {
    this.failures.push(failure);
  }

  override handleFinished(): void {
    this.finished += 1;
  }

  /** Whether each of `count` items was collected exactly once. */
  hasEachOnce(count: number): boolean {
    return this.seen.size === count && [...this.seen.values()].every((times) => times === 1);
  }
}

export function makeDistributor(
  endpoints: PipelineEndpoints,
  task: Task<object, object, object>,
  options: Partial<DistributorOptions> = {},
): Distributor {
  const distributor = new Distributor({
    collectorEndpoint: address(endpoints.collector),
    collectorAckEndpoint: address(endpoints.ack),
    peerTimeout: 30_000,
    ...options,
  });
  distributor.registerTask(task);
  return distributor;
}
