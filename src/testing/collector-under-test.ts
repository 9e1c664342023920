import { type Collector, deliveryHandlers, logsFailure } from "../collector/collector.ts";
import type { CollectorSummary } from "../collector/collector-summary.ts";
import { DeliveryLoop, type DeliveryQueue } from "../collector/delivery-loop.ts";
import type { Delivery } from "../core/collector/inbox.ts";
import type { Open, RunStatus } from "../protocol/batch-message.ts";
import { toThrownError } from "../protocol/error-info.ts";
import { itemId } from "../protocol/item-id.ts";
import { decodePayload, decodeValue } from "../protocol/payload/payload.ts";
import { describeThrown } from "../protocol/thrown.ts";
import type { ResolvedTest } from "./check-options.ts";
import { differenceText } from "./difference-text.ts";
import { type Findings, itemText } from "./findings.ts";
import type { Interruptions } from "./interruptions.ts";
import { type LateChanges, lateFinding } from "./late-changes.ts";
import { newCollector } from "./new-collector.ts";
import type { Snapshots } from "./snapshots.ts";
import { NeverSettled, userCall } from "./user-call.ts";
import { valueText } from "./value-text.ts";
import { KILLED } from "./watched-call.ts";

/** What the collectors of one run have handled. */
export interface CollectorHistory {
  /** The items that any collector of the run has handled, by id. */
  readonly handled: Set<string>;
  readonly counts: { collections: number; repeated: number };
  /** What messages call the handler of a task's workers. */
  workerOf(taskType: string): string;
}

/** Deliveries that were handled, and the data of their ACKs. */
export type Handled = readonly (readonly [Delivery, Uint8Array])[];

/** One start of the user's collector: calls its handlers, and watches what they do with results that an earlier start has handled. */
export class CollectorUnderTest {
  readonly #options: ResolvedTest;
  readonly #findings: Findings;
  readonly #snapshots: Snapshots;
  readonly #history: CollectorHistory;
  readonly #late: LateChanges | undefined;
  readonly #collector: Collector<unknown, object, object>;
  readonly #loop: DeliveryLoop;
  readonly #name: string;
  /** What the delivery loop takes its deliveries from. */
  #more: () => Delivery | undefined = () => undefined;
  #handled: [Delivery, Uint8Array][] = [];
  readonly #interruptions: Interruptions | undefined;
  /** Its process was killed at an await of its handler. */
  #isKilled = false;

  constructor(
    options: ResolvedTest,
    findings: Findings,
    snapshots: Snapshots,
    history: CollectorHistory,
    late: LateChanges | undefined,
    interruptions: Interruptions | undefined,
  ) {
    this.#late = late;
    this.#interruptions = interruptions;
    this.#options = options;
    this.#findings = findings;
    this.#snapshots = snapshots;
    this.#history = history;
    const { collector } = options;
    this.#collector = newCollector(collector);
    this.#collector[logsFailure] = () => false; // failures are findings
    this.#name = nameOf(collector, this.#collector);
    const queue: DeliveryQueue = {
      next: () => this.#more(),
      handled: (delivery, ackData) => void this.#handled.push([delivery, ackData]),
      handledAndKnown: () => {
        throw new TypeError("No collector of a user's handles results later");
      },
      flush: () => {},
      idle: () => {},
    };
    this.#loop = new DeliveryLoop(this.#collector[deliveryHandlers](), queue, (error) => {
      throw error;
    });
  }

  begin(open: Open): void {
    this.#collector.metadata = decodePayload(open.metadata);
    this.#loop.begin(open);
  }

  /**
   * Handles a delivery; and those behind it, where the collector takes batches.
   *
   * @returns Nothing when the collector's process was killed at an await.
   * @throws What its handler throws.
   */
  async handle(first: Delivery, more: () => Delivery | undefined): Promise<Handled | undefined> {
    this.#handled = [];
    let next: Delivery | undefined = first;
    while (next !== undefined) next = await this.#handleOnce(next, more);
    return this.#isKilled ? undefined : this.#handled;
  }

  /** Calls the handler once. A repeated result comes alone: what changes then was changed by it. @returns A repeated result behind the batch. */
  async #handleOnce(first: Delivery, more: () => Delivery | undefined): Promise<Delivery | undefined> {
    const isRepeated = this.#isRepeated(first);
    const takesBatches = this.#collector[deliveryHandlers]().batches !== undefined;
    const taken: Delivery[] = [];
    let behind: Delivery | undefined;
    this.#more = () => {
      let next = taken.length === 0 ? first : undefined;
      if (taken.length > 0 && takesBatches && !isRepeated && behind === undefined) next = more();
      if (next === undefined) return undefined;
      if (taken.length > 0 && this.#isRepeated(next)) {
        behind = next;
        return undefined;
      }
      taken.push(next);
      return next;
    };
    const before = isRepeated ? await this.#snapshots.take() : undefined;
    await this.#guarded(first, isRepeated, () => this.#loop.run());
    if (this.#isKilled) return undefined;
    if (isRepeated) await this.#compareEffects(before, first);
    await this.#findLateChanges(first);
    for (const delivery of taken) this.#note(delivery);
    return behind;
  }

  #isRepeated(delivery: Delivery): boolean {
    return this.#history.handled.has(idOf(delivery));
  }

  /** The run has ended. @throws What `handleFinished()` throws. */
  async finish(status: RunStatus, dropped: Pick<CollectorSummary, "duplicates" | "refused">): Promise<void> {
    const taskType = this.#loop.lastType;
    if (taskType === undefined || status === "aborted") return;
    const { duplicates, refused } = dropped;
    const summary = { status, ...this.#loop.counts, duplicates, refused };
    const what = `handleFinished() of ${this.#name}`;
    try {
      await userCall(what, this.#options.handlerTimeout, () =>
        this.#collector.handleFinished(summary, taskType),
      );
    } catch (error) {
      const kind = error instanceof NeverSettled ? "endless" : "run";
      const message =
        error instanceof NeverSettled ? error.message : `${what} threw: ${describeThrown(error)}`;
      this.#findings.add({ kind, message, handler: what, error });
      throw error;
    }
  }

  async #guarded(first: Delivery, isRepeated: boolean, call: () => Promise<void>): Promise<void> {
    const handler = this.#name;
    const item = { id: idOf(first), data: decodeValue(first.payload) };
    const taskType = first.task;
    try {
      const watched = this.#interruptions?.watch({ handler, taskType, item });
      const returned = await userCall(`${handler} for item ${item.id}`, this.#options.handlerTimeout, () =>
        watched === undefined ? call() : watched.run(call),
      );
      this.#isKilled = returned === KILLED;
    } catch (error) {
      const text = describeThrown(error);
      if (error instanceof NeverSettled)
        this.#findings.add({ kind: "endless", message: error.message, handler, taskType, item, error });
      else if (isRepeated)
        this.#findings.add({
          kind: "threw",
          message: `${handler} is not idempotent: it threw for the result of item ${item.id}, ${valueText(item.data)}, which a collector that was killed had handled before: ${text}`,
          handler,
          taskType,
          item,
          error,
        });
      else
        this.#findings.add({
          kind: "run",
          message: `${handler} threw for the result of item ${item.id}, ${valueText(item.data)}: ${text}`,
          handler,
          taskType,
          item,
          error,
        });
      throw error;
    }
  }

  async #compareEffects(before: unknown, delivery: Delivery): Promise<void> {
    const difference = await this.#snapshots.difference(before);
    if (difference === undefined) return;
    const handler = this.#name;
    const item = { id: idOf(delivery), data: decodeValue(delivery.payload) };
    const message =
      `${handler} is not idempotent: when it got the result of item ${item.id}, ${valueText(item.data)}, again, after a restart of the collector, ` +
      `the snapshot changed: ${differenceText(difference.before, difference.after)}`;
    this.#findings.add({ kind: "effect", message, handler, taskType: delivery.task, item, ...difference });
  }

  async #findLateChanges(delivery: Delivery): Promise<void> {
    const difference = await this.#late?.since();
    if (difference === undefined) return;
    const item = { id: idOf(delivery), data: decodeValue(delivery.payload) };
    const finding = lateFinding(this.#name, `the result of ${itemText(item)}`, difference);
    this.#findings.add({ ...finding, taskType: delivery.task, item });
  }

  #note(delivery: Delivery): void {
    const id = idOf(delivery);
    const { handled, counts } = this.#history;
    counts.collections += 1;
    if (handled.has(id)) counts.repeated += 1;
    handled.add(id);
    if (delivery.error === undefined || this.#options.allowFailures) return;
    const item = { id, data: decodeValue(delivery.payload) };
    const error = toThrownError(delivery.error);
    const handler = this.#history.workerOf(delivery.task);
    const message = `${handler}: ${itemText(item)} failed for good after ${delivery.attempt} executions: ${error.name}: ${error.message}`;
    this.#findings.add({ kind: "failed", message, handler, taskType: delivery.task, item, error });
  }
}

function idOf({ runId, task, seq }: Delivery): string {
  return itemId(runId, task, seq);
}

function nameOf(given: ResolvedTest["collector"], made: object): string {
  if (typeof given !== "function") return made.constructor.name;
  if (made.constructor === given) return given.name;
  return given.name === "" || given.name === "collector"
    ? "the collector's function"
    : `collector ${given.name}()`;
}
