import { expect, test } from "vitest";
import { prometheusText } from "../../src/index.ts";
import { freshEndpoints, serviceEndpoints } from "../support/endpoints.ts";
import { NO_PACE } from "../support/no-pace.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";

/** What every line of the format is: https://prometheus.io/docs/instrumenting/exposition_formats/ */
const LINE =
  /^(# HELP [a-z_]+ .+\.|# TYPE [a-z_]+ (counter|gauge)|[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"\})? \d+)$/;

function valuesOf(text: string): Record<string, number> {
  expect(text.endsWith("\n")).toBe(true);
  const lines = text.trimEnd().split("\n");
  expect(lines.filter((line) => !LINE.test(line))).toEqual([]);
  const values = lines.filter((line) => !line.startsWith("#")).map((line) => /^(.+) (\d+)$/.exec(line) ?? []);
  return Object.fromEntries(values.map(([, name, value]) => [name, Number(value)]));
}

test("The Prometheus text of a run", async () => {
  const endpoints = await freshEndpoints("inproc");
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 20));
  expect(prometheusText(distributor.progress)).toContain("# TYPE zmqpipeline_items_total counter\n");
  await Promise.all([
    distributor.run(),
    new NumbersWorker(endpoints).run(),
    new NumbersCollector(endpoints).run(),
  ]);
  expect(valuesOf(prometheusText(distributor.progress))).toMatchObject({
    'zmqpipeline_items_total{task="numbers"}': 20,
    'zmqpipeline_items_collected_total{task="numbers"}': 20,
    'zmqpipeline_items_failed_total{task="numbers"}': 0,
    'zmqpipeline_items_in_flight{task="numbers"}': 0,
    'zmqpipeline_task_complete{task="numbers"}': 1,
  });
});

test("The Prometheus text of a service", async () => {
  const endpoints = await serviceEndpoints("inproc");
  const service = await running(endpoints, [new EchoWorker(endpoints)]);
  await using client = makeClient(endpoints);
  await client.request([{ n: 1 }, { n: 2 }]);
  await expect(client.request({ n: 3, throws: "no" })).rejects.toThrow("no");
  expect(valuesOf(prometheusText(service.status))).toMatchObject({
    zmqpipeline_requests_total: 3,
    'zmqpipeline_requests_ended_total{outcome="replied"}': 2,
    'zmqpipeline_requests_ended_total{outcome="failed"}': 1,
    zmqpipeline_clients: 1,
    'zmqpipeline_service_workers{type="echo"}': 1,
    'zmqpipeline_requests_queued{type="echo"}': 0,
  });
});

test("The Prometheus text of names with any characters", () => {
  const task = {
    items: 1,
    acked: 1,
    failed: 0,
    retried: 0,
    skipped: 0,
    inFlight: 0,
    workers: 0,
    total: undefined,
    waitsFor: [],
    pace: NO_PACE,
    oldest: undefined,
  };
  const text = prometheusText({ workers: 0, tasks: { 'a"b\\c\nd': { ...task, phase: "open" } } });
  expect(valuesOf(text)['zmqpipeline_items_total{task="a\\"b\\\\c\\nd"}']).toBe(1);
});
