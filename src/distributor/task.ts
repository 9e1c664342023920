import type { RetryOptions } from "../core/distributor/retry-policy.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { MessageType } from "../protocol/message-type.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import { renamedField } from "../protocol/renamed.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { AnyValue } from "../role/any-value.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import { assertNoArguments } from "../role/members.ts";
import { adoptStaticFields } from "../role/static-fields.ts";
import { atCaller } from "../self/at-caller.ts";
import { goesOn, type ItemIterator, openItems, type Remainder } from "./item-iterator.ts";
import type { AckOrigin } from "./latest-ack.ts";

/** How far a task was. */
export interface TaskPosition {
  /** How many items the task has given. The next one is item number `items`, counted from 0. */
  readonly items: number;
}

/** The names of a task's fields. */
export const TASK_FIELDS = [
  "taskType",
  "endpoint",
  "dependencies",
  "retry",
  "timeout",
  "total",
  "isComplete",
  "metadata",
] as const;

/** Fields of a task that its class has as fields of the instance, or as static ones. */
declare abstract class TaskFields {
  /** The task's type, or its name. */
  abstract readonly taskType: TaskType | string;
  /** Where the distributor listens for this task's workers. Tasks may share one. A `Pipeline` has endpoints of its own: leave it out there. */
  abstract readonly endpoint: EndpointAddress;
}

/**
 * Says what the work is: what each item contains, how many there are, and which tasks must be complete first. Give it
 * `handle()` or `items()`. Items are produced lazily, when a worker has room for them. All fields may be static fields of the class instead.
 *
 * @typeParam Item - What a worker's handler gets as `data`: any value that can be sent.
 * @typeParam Metadata - What a `MetaDataWorker` provides.
 * @typeParam AckData - What the collector returns with its ACKs.
 *
 * @example
 * ```ts
 * class LinesTask extends Task<{ line: string }> {
 *   readonly taskType = TaskType.register("lines");
 *   readonly endpoint = new EndpointAddress("ipc://lines.ipc");
 *   async *items() {
 *     for await (const line of createInterface({ input: createReadStream("input.txt") })) yield { line };
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: assertTask() reports fields that are missing
export abstract class Task<
  Item = Payload,
  Metadata extends object = Payload,
  AckData extends object = Payload,
> {
  static {
    // handle() sets it on its last item; under the original Python library's name the task would never end.
    renamedField(Task.prototype, "task", ["is_complete", "isComplete"]);
  }

  /** Task types, or their names, that must be complete, all items collected, before this task begins. */
  readonly dependencies: readonly (TaskType | string)[] = [];
  /** How often, and after which wait, a failed item is executed again. */
  readonly retry: RetryOptions = {};
  /**
   * Longest execution of one item, in ms; a worker's own `timeout` takes precedence.
   * @default no limit
   */
  readonly timeout?: number;
  /**
   * How many items there will be, if known: for progress.
   * @default unknown
   */
  readonly total?: number | undefined;
  /** `handle()` sets it on (or before) its last item. */
  isComplete = false;
  /** What the `MetaDataWorker` provided; `{}` without one. */
  metadata: Metadata = {} as Metadata;

  /** Takes the static fields of the class as fields of the instance. */
  constructor();
  constructor(...given: readonly unknown[]) {
    atCaller(Task, () => assertNoArguments(this, given));
    adoptStaticFields(this, { base: Task.prototype, fields: TASK_FIELDS });
  }

  /**
   * Called once for each item, only when a worker has room for it.
   *
   * @param data - The metadata; `{}` without.
   * @param address - The id of the worker that will get the item.
   * @param msgtype - `RDY`: the worker is ready.
   * @param ackData - The data of the task's latest ACK, with the item's `_id` and `_taskType` (`AckOrigin`); `{}` before the first.
   * @returns The item's data. Returning nothing means `{}`.
   */
  handle?(data: Metadata, address: string, msgtype: MessageType, ackData: AckData): Awaitable<Maybe<Item>>;

  /**
   * The idiomatic form beside `handle()`: an iterable that is pulled lazily. The task is complete when it ends.
   *
   * Its first item is asked for when the run begins, after `initialize()` and before there are workers, as a plain loop would: an input
   * that cannot wait, such as lines of `readline`, loses nothing. Where the task has dependencies, `items()` is called when they
   * are complete.
   */
  items?(): Iterable<Item> | AsyncIterable<Item>;

  /** @internal */
  [openItems](): ItemIterator | undefined {
    return undefined;
  }

  /** @internal */
  [goesOn](_remainder: Remainder): void {}

  /**
   * Called once, before the first item and after the metadata arrived.
   *
   * @param metadata - What the `MetaDataWorker` provided; `{}` without one.
   */
  initialize(metadata: Metadata): Awaitable<void> {
    this.metadata = metadata;
  }

  /**
   * Optional: what makes an item the same as another. Among several items with one key, only the first is executed; the others are counted as
   * `skipped`. With a journal, a run that goes on reads its source from the beginning, leaves out every item whose key it knows, and executes
   * the rest, in whatever order they come. A key is a string of 1 to 65,536 characters; it is all that is compared, so an item whose content
   * matters has it in its key.
   *
   * @param item - As `items()` or `handle()` gave it.
   *
   * @example
   * ```ts
   * class FilesTask extends Task<{ path: string; size: number }> {
   *   readonly taskType = TaskType.register("files");
   *   readonly endpoint = new EndpointAddress("ipc://files.ipc");
   *   *items() {
   *     for (const path of readdirSync("input")) yield { path, size: statSync(`input/${path}`).size };
   *   }
   *   override key({ path, size }: { path: string; size: number }) {
   *     return `${path} ${size}`;
   *   }
   * }
   * ```
   */
  key?(item: Item): string;

  /**
   * Optional, for a distributor with a journal: puts the task at once where it was before the distributor was restarted. A task with
   * neither `resume()` nor `key()` produces its earlier items again with `items()` or `handle()`; they are compared and dropped. Other
   * items, or another order, end the run with `JOURNAL_MISMATCH` before anything is executed. Called after `initialize()`, but not in a
   * run that begins anew.
   *
   * @param progress - How far the task was.
   *
   * @example
   * ```ts
   * class RowsTask extends Task<{ row: number }> {
   *   readonly taskType = TaskType.register("rows");
   *   readonly endpoint = new EndpointAddress("ipc://rows.ipc");
   *   #next = 0;
   *   override resume({ items }: TaskPosition) {
   *     this.#next = items;
   *   }
   *   *items() {
   *     while (this.#next < 1000) yield { row: this.#next++ };
   *   }
   * }
   * ```
   */
  resume?(progress: TaskPosition): Awaitable<void>;

  /**
   * A gate: no item is produced while it returns false. It is called before each item, and again after each ACK and every few
   * milliseconds.
   *
   * @param _lastAckData - The data of the task's latest ACK, with the item's `_id` and `_taskType`; `{}` before the first.
   * @param _latestAckData - The same for the latest ACK of any task: for a gate that waits for what other tasks have done.
   */
  isAvailableForHandling(_lastAckData: AckData & AckOrigin, _latestAckData: Payload & AckOrigin): boolean {
    return true;
  }
}

// An interface, because TypeScript asks for `override` where a class gives a value to a field of its base class.
// biome-ignore lint/correctness/noUnusedVariables: merged declarations have the same type parameters
export interface Task<Item, Metadata, AckData> extends Pick<TaskFields, "taskType" | "endpoint"> {}

/** A task of any item, metadata and ACK data. */
export type AnyTask = Task<AnyValue, object, object>;

/** A task that has been checked: its task types are no names any more. */
export interface RegisteredTask extends AnyTask {
  readonly taskType: TaskType;
  readonly dependencies: readonly TaskType[];
}
