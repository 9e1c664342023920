import type { CollectionInfo } from "../collector/collected-result.ts";
import { Collector } from "../collector/collector.ts";
import { ItemIterator } from "../distributor/item-iterator.ts";
import { type AnyTask, Task } from "../distributor/task.ts";
import { MetaDataWorker } from "../metadata/meta-data-worker.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { TaskType } from "../protocol/task-type.ts";
import { describeKind } from "../role/known-options.ts";
import { NO_ENDPOINT } from "../role/network.ts";
import { assertRole } from "../role/role.ts";
import { isClass } from "./is-class.ts";
import { LocalTask } from "./local-task.ts";
import { assertTaskDefinition } from "./pipeline-checks.ts";
import type {
  CollectFunction,
  EarlierCollectFunction,
  PipelineOptions,
  TaskDefinition,
} from "./pipeline-options.ts";

/** Makes tasks of the option `tasks`. @throws TypeError when an element is no task. */
export function makeTasks(tasks: PipelineOptions["tasks"]): AnyTask[] {
  if (!Array.isArray(tasks)) throw new TypeError(`tasks must be an array, not ${describeKind(tasks)}`);
  if (tasks.length === 0) throw new TypeError("A Pipeline needs at least one task");
  return tasks.map((task: PipelineOptions["tasks"][number], index) => {
    if (task instanceof Task) return task;
    if (typeof task === "function") return new task();
    if (typeof task === "object" && task !== null) {
      assertTaskDefinition(`tasks[${index}]`, task);
      return new DefinedTask(task);
    }
    throw new TypeError("A task must be a Task, a class that extends Task, or { taskType, items }");
  });
}

/** Makes a collector of the option `collector`. @throws TypeError when it is no collector. */
export function makeCollector(collector: PipelineOptions["collector"]): Collector<unknown, object, object> {
  const made = collectorOf(collector);
  assertRole(made);
  return made;
}

function collectorOf(collector: PipelineOptions["collector"]): Collector<unknown, object, object> {
  if (collector instanceof Collector) return collector;
  if (typeof collector !== "function")
    throw new TypeError("collector must be a Collector, its class, or a function");
  if (collector.prototype instanceof Collector)
    return new (collector as new () => Collector<unknown, object, object>)();
  if (isClass(collector)) throw new TypeError(`collector: class ${collector.name} must extend Collector`);
  return new FunctionCollector(collector as CollectFunction);
}

/** Makes a metadata worker of the option `metadata`. @throws TypeError when it is neither a metadata worker nor an object. */
export function makeMetadataWorker(
  metadata: PipelineOptions["metadata"],
): MetaDataWorker<object> | undefined {
  const made = metadataWorkerOf(metadata);
  if (made !== undefined) assertRole(made);
  return made;
}

function metadataWorkerOf(metadata: PipelineOptions["metadata"]): MetaDataWorker<object> | undefined {
  if (metadata === undefined) return undefined;
  if (metadata instanceof MetaDataWorker) return metadata;
  if (typeof metadata === "function" && metadata.prototype instanceof MetaDataWorker)
    return new (metadata as new () => MetaDataWorker<object>)();
  if (typeof metadata !== "object" || metadata === null)
    throw new TypeError("metadata must be an object, a MetaDataWorker or its class");
  return new ObjectMetadata(metadata);
}

/** Replaces endpoints of a role by those of the pipeline. */
export function at<R extends object>(role: R, endpoints: Readonly<Record<string, EndpointAddress>>): R {
  for (const [name, value] of Object.entries(endpoints))
    Object.defineProperty(role, name, { value, configurable: true, enumerable: true });
  return role;
}

class DefinedTask extends LocalTask {
  readonly taskType: TaskType | string;
  readonly #items: TaskDefinition["items"];

  constructor(definition: TaskDefinition) {
    const { taskType, items, dependencies = [], retry = {}, timeout, key } = definition;
    const total = definition.total ?? (Array.isArray(items) ? items.length : undefined);
    super();
    this.taskType = taskType;
    this.#items = items;
    Object.assign(this, {
      dependencies,
      retry,
      total,
      ...(timeout === undefined ? {} : { timeout }),
      ...(key === undefined ? {} : { key }),
    });
  }

  /** Streams and `readline` emit events even before anything listens. */
  protected override get isUrgent(): boolean {
    return "on" in this.#items && typeof this.#items.on === "function";
  }

  protected override get needsMetadata(): boolean {
    return typeof this.#items === "function" && this.#items.length > 0;
  }

  protected override open(): ItemIterator {
    return new ItemIterator(typeof this.#items === "function" ? this.#items(this.metadata) : this.#items);
  }
}

class FunctionCollector extends Collector<unknown, object, object> {
  readonly endpoint = NO_ENDPOINT;
  readonly ackEndpoint = NO_ENDPOINT;
  readonly #collect: CollectFunction | EarlierCollectFunction;

  constructor(collect: CollectFunction | EarlierCollectFunction) {
    super();
    this.#collect = collect;
  }

  async handleCollection(
    data: unknown,
    taskType: TaskType,
    _msgtype: unknown,
    info: CollectionInfo,
  ): Promise<undefined> {
    if (this.#collect.length >= 3)
      await (this.#collect as EarlierCollectFunction)(data as never, taskType, info);
    else await (this.#collect as CollectFunction)(data, info);
    return undefined;
  }
}

class ObjectMetadata extends MetaDataWorker<object> {
  readonly endpoint = NO_ENDPOINT;
  readonly #metadata: object;

  constructor(metadata: object) {
    super();
    this.#metadata = metadata;
  }

  getMetadata(): object {
    return this.#metadata;
  }
}
