import { type BatchObservableResult, type Observable as Instrument, metrics } from "@opentelemetry/api";
import type { RunProgress } from "../distributor/run-summary.ts";
import { type Metric, metricsOf } from "../metrics/metrics-of.ts";
import type { ServiceStatus } from "../service/service-summary.ts";

/** A `Distributor` or a `Pipeline`, which have `progress`; or a `Service`, which has `status`. */
export type Observable = { readonly progress: RunProgress } | { readonly status: ServiceStatus };

/** Options of {@link observe}. */
export interface ObserveOptions {
  /** Attributes that are added to every value, to tell runs apart. @default none */
  readonly attributes?: Readonly<Record<string, string>>;
}

/**
 * Reports the state of a run or a service whenever OpenTelemetry collects: the same numbers as `prometheusText()`.
 *
 * @returns A function that ends it.
 *
 * @example
 * ```ts
 * import { observe } from "zmqpipeline/opentelemetry";
 *
 * const stop = observe(distributor);
 * await distributor.run();
 * stop();
 * ```
 */
export function observe(role: Observable, { attributes = {} }: ObserveOptions = {}): () => void {
  const read = () => metricsOf("status" in role ? role.status : role.progress);
  const meter = metrics.getMeter("zmqpipeline");
  const instruments = new Map<string, Instrument>();
  for (const { name, type, help } of read()) {
    const options = { description: help };
    const otelName = name.replaceAll("_", ".").replace(/\.total$/, "");
    const instrument =
      type === "counter"
        ? meter.createObservableCounter(otelName, options)
        : meter.createObservableGauge(otelName, options);
    instruments.set(name, instrument);
  }
  const callback = (result: BatchObservableResult) => report(read(), instruments, attributes, result);
  const all = [...instruments.values()];
  meter.addBatchObservableCallback(callback, all);
  return () => meter.removeBatchObservableCallback(callback, all);
}

function report(
  read: readonly Metric[],
  instruments: ReadonlyMap<string, Instrument>,
  attributes: Readonly<Record<string, string>>,
  result: BatchObservableResult,
): void {
  for (const { name, values } of read) {
    const instrument = instruments.get(name);
    if (instrument === undefined) continue;
    for (const [labels, value] of values) result.observe(instrument, value, { ...attributes, ...labels });
  }
}
