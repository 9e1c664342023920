import type { Collector } from "../../collector/collector.ts";
import { type FailureGroup, FailureGroups } from "./failure-groups.ts";

/** How many of the slowest items a summary names. */
const SLOWEST = 3;

/** Durations are counted in buckets that are 5 % wide, from 1 µs on: quantiles are exact to 5 %, and memory does not grow with the number of items. */
const WIDTH = Math.log(1.05);
const LEAST_MS = 0.001;

interface SlowItem {
  readonly id: string;
  /** In ms. */
  readonly duration: number;
}

/** Statistics of a run: durations of items, the slowest items, and failures by their message. */
export class RunStatistics {
  readonly #buckets = new Map<number, number>();
  readonly #failures = new FailureGroups();
  #count = 0;
  #maxMs = 0;
  #slowest: SlowItem[] = [];

  /** Wraps a collector's handlers, so that each result and each failure is counted. */
  watch(collector: Collector<object, object, object>): void {
    const handleCollection = collector.handleCollection.bind(collector);
    const handleFailure = collector.handleFailure.bind(collector);
    collector.handleCollection = (data, taskType, msgtype, info) => {
      this.#collected(info.id, info.duration);
      return handleCollection(data, taskType, msgtype, info);
    };
    collector.handleFailure = (failure, taskType) => {
      const { id, error } = failure;
      this.#failures.add(taskType.name, id, error.message, error.stack);
      return handleFailure(failure, taskType);
    };
  }

  get failures(): readonly FailureGroup[] {
    return this.#failures.all;
  }

  get slowest(): readonly SlowItem[] {
    return this.#slowest;
  }

  /** In ms; `undefined` when no item was collected. */
  get durations(): { readonly p50: number; readonly p95: number; readonly max: number } | undefined {
    if (this.#count === 0) return undefined;
    return { p50: this.#quantile(0.5), p95: this.#quantile(0.95), max: this.#maxMs };
  }

  #collected(id: string, durationMs: number): void {
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs, durationMs);
    const bucket = Math.max(0, Math.ceil(Math.log(durationMs / LEAST_MS) / WIDTH));
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    const least = this.#slowest[SLOWEST - 1];
    if (least !== undefined && least.duration >= durationMs) return;
    this.#slowest = [...this.#slowest, { id, duration: durationMs }]
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
