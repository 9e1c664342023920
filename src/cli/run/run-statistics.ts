import { BatchCollector } from "../../collector/batch-collector.ts";
import type { CollectionInfo } from "../../collector/collected-result.ts";
import { type Collector, logsFailure } from "../../collector/collector.ts";
import type { Failure } from "../../collector/failure.ts";
import { type FailedItem, type FailureGroup, FailureGroups } from "./failure-groups.ts";

/** How many of the slowest items a summary names. */
const SLOWEST = 3;

/** Durations are counted in buckets that are 5 % wide, from 1 µs on: quantiles are exact to 5 %, and memory does not grow with the number of items. */
const WIDTH = Math.log(1.05);
const LEAST_MS = 0.001;

interface SlowItem {
  readonly id: string;
  /** In ms. */
  readonly duration: number;
  /** How many items the duration is the mean of, this one included; 1: it was measured for this item alone. */
  readonly items: number;
}

/** How long items took, in ms. */
interface Durations {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** Items that were measured. */
  readonly items: number;
  /** Those of them that count with the mean of several items. */
  readonly means: number;
}

/** How failures are told. */
interface FailureTelling {
  /** What an item is called where people read it, and its data; its id and its data by default. */
  readonly describe?: (failure: Failure<unknown>) => Pick<FailedItem, "label" | "data">;
  /** Which failures the collector may write to the log while the run goes on: the first of each kind, or none. The summary has all. */
  readonly logged: "first" | "none";
  /** Gets the first failure of each kind. */
  readonly first?: (item: FailedItem) => void;
}

/** Statistics of a run: durations of items, the slowest items, and failures by their kind. */
export class RunStatistics {
  readonly #buckets = new Map<number, number>();
  readonly #failures = new FailureGroups();
  #count = 0;
  #means = 0;
  #maxMs = 0;
  #slowest: SlowItem[] = [];

  /** Wraps a collector's handlers, so that each result and each failure is counted. */
  watch(collector: Collector<unknown, object, object>, telling: FailureTelling): void {
    if (collector instanceof BatchCollector) this.#watchBatches(collector);
    else this.#watchResults(collector);
    this.#watchFailures(collector, telling);
  }

  get failures(): readonly FailureGroup[] {
    return this.#failures.all;
  }

  get slowest(): readonly SlowItem[] {
    return this.#slowest;
  }

  /** `undefined` when no item was measured. */
  get durations(): Durations | undefined {
    if (this.#count === 0) return undefined;
    const [p50, p95] = [this.#quantile(0.5), this.#quantile(0.95)];
    return { p50, p95, max: this.#maxMs, items: this.#count, means: this.#means };
  }

  #watchResults(collector: Collector<unknown, object, object>): void {
    const handleCollection = collector.handleCollection.bind(collector);
    collector.handleCollection = (data, taskType, msgtype, info) => {
      this.#collected(info);
      return handleCollection(data, taskType, msgtype, info);
    };
  }

  #watchBatches(collector: BatchCollector<unknown, object, object>): void {
    const handleBatch = collector.handleBatch.bind(collector);
    collector.handleBatch = (results) => {
      for (const result of results) this.#collected(result);
      return handleBatch(results);
    };
  }

  #watchFailures(
    collector: Collector<unknown, object, object>,
    { describe, logged, first }: FailureTelling,
  ): void {
    let isFirst = false;
    const logs = collector[logsFailure].bind(collector);
    // Failures are handled one after the other.
    collector[logsFailure] = () => isFirst && logged === "first" && logs();
    const handleFailure = collector.handleFailure.bind(collector);
    collector.handleFailure = (failure, taskType) => {
      const { id, data, error } = failure;
      const known = describe?.(failure) ?? { label: id, data };
      const item = { taskType: taskType.name, id, error, ...known };
      isFirst = this.#failures.add(item);
      if (isFirst) first?.(item);
      return handleFailure(failure, taskType);
    };
  }

  #collected({ id, duration: durationMs, durationItems: items }: CollectionInfo): void {
    if (items === 0) return; // not measured
    this.#count += 1;
    if (items > 1) this.#means += 1;
    this.#maxMs = Math.max(this.#maxMs, durationMs);
    const bucket = Math.max(0, Math.ceil(Math.log(durationMs / LEAST_MS) / WIDTH));
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    const least = this.#slowest[SLOWEST - 1];
    if (least !== undefined && least.duration >= durationMs) return;
    // The other items of the same group have the same mean: the first stands for all of them.
    if (items > 1 && this.#slowest.some(({ duration }) => duration === durationMs)) return;
    this.#slowest = [...this.#slowest, { id, duration: durationMs, items }]
      .sort((one, other) => other.duration - one.duration)
      .slice(0, SLOWEST);
  }

  #quantile(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (const bucket of [...this.#buckets.keys()].sort((one, other) => one - other)) {
      left -= this.#buckets.get(bucket) ?? 0;
      if (left <= 0) return Math.min(this.#maxMs, LEAST_MS * Math.exp(bucket * WIDTH));
    }
    return this.#maxMs;
  }
}
