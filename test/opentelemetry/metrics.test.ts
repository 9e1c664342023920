import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterEach, expect, test } from "vitest";
import { instrument, observe } from "../../src/opentelemetry/index.ts";
import { freshEndpoints, serviceEndpoints } from "../support/endpoints.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";
import { makeService } from "../support/service-roles.ts";

afterEach(() => metrics.disable());

/** @returns Reads all values now: by metric, a list of attributes and value. */
function reader() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  return async () => {
    exporter.reset();
    await reader.forceFlush();
    const found = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return new Map(found.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]));
  };
}

test("observe() gives a run's progress at each collection, until it is ended", async () => {
  const read = reader();
  const endpoints = await freshEndpoints("inproc");
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 20));
  let looks = 0;
  const role = {
    get progress() {
      looks += 1;
      return distributor.progress;
    },
  };
  const stop = observe(role, { attributes: { job: "nightly" } });
  const uninstrument = instrument();
  const worker = new NumbersWorker(endpoints, ({ n }) => {
    if (n === 7) throw Object.assign(new Error("seven"), { retryable: false });
    return { n };
  });
  await Promise.all([distributor.run(), new NumbersCollector(endpoints).run(), worker.run()]);
  uninstrument();
  const values = await read();
  const of = (name: string) => values.get(name)?.map(({ attributes, value }) => ({ ...attributes, value }));
  const same = { job: "nightly", task: "numbers" };
  expect(of("zmqpipeline.items")).toEqual([{ ...same, value: 20 }]);
  expect(of("zmqpipeline.items.collected")).toEqual([{ ...same, value: 19 }]);
  expect(of("zmqpipeline.items.failed")).toEqual([{ ...same, value: 1 }]);
  expect(of("zmqpipeline.items.in.flight")).toEqual([{ ...same, value: 0 }]);
  const durations = values
    .get("zmqpipeline.duration")
    ?.map(({ attributes, value }) => [attributes.kind, attributes.error, (value as { count: number }).count]);
  expect(durations?.sort()).toEqual([
    ["item", false, 19],
    ["item", true, 1],
  ]);
  const seen = looks;
  await read();
  expect(looks).toBe(seen + 1);
  stop();
  await read();
  expect(looks).toBe(seen + 1);
});

test("observe() gives a service's status", async () => {
  const read = reader();
  const stop = observe(makeService(await serviceEndpoints("inproc")));
  const values = await read();
  expect(values.get("zmqpipeline.requests")?.map(({ value }) => value)).toEqual([0]);
  const outcomes = values.get("zmqpipeline.requests.ended")?.map(({ attributes }) => attributes.outcome);
  expect(outcomes).toEqual(["replied", "failed", "refused", "lost", "cancelled"]);
  stop();
});
