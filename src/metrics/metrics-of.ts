import type { RunProgress } from "../distributor/run-summary.ts";
import type { ServiceStatus } from "../service/service-summary.ts";

type Labels = Readonly<Record<string, string>>;

/** One metric with a Prometheus name, and a value for each task or task type. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly values: readonly (readonly [Labels, number])[];
}

/** The metrics of a run or a service. */
export function metricsOf(status: RunProgress | ServiceStatus): Metric[] {
  return "tasks" in status ? runMetrics(status) : serviceMetrics(status);
}

function runMetrics({ tasks }: RunProgress): Metric[] {
  const all = Object.entries(tasks);
  const metric = (
    name: string,
    type: Metric["type"],
    help: string,
    of: (task: RunProgress["tasks"][string]) => number,
  ): Metric => ({ name, type, help, values: all.map(([task, progress]) => [{ task }, of(progress)]) });
  return [
    metric("zmqpipeline_items_total", "counter", "Items produced.", ({ items }) => items),
    metric(
      "zmqpipeline_items_collected_total",
      "counter",
      "Items whose result was collected.",
      ({ acked }) => acked,
    ),
    metric(
      "zmqpipeline_items_failed_total",
      "counter",
      "Items that failed for good.",
      ({ failed }) => failed,
    ),
    metric(
      "zmqpipeline_executions_repeated_total",
      "counter",
      "Executions that were repeated.",
      ({ retried }) => retried,
    ),
    metric(
      "zmqpipeline_items_skipped_total",
      "counter",
      "Items skipped because their key was known.",
      ({ skipped }) => skipped,
    ),
    metric(
      "zmqpipeline_items_in_flight",
      "gauge",
      "Items granted to workers and not yet collected.",
      ({ inFlight }) => inFlight,
    ),
    metric("zmqpipeline_workers", "gauge", "Workers known to the distributor.", ({ workers }) => workers),
    metric("zmqpipeline_task_complete", "gauge", "1 when all items are collected or failed.", ({ phase }) =>
      phase === "complete" ? 1 : 0,
    ),
  ];
}

function serviceMetrics(status: ServiceStatus): Metric[] {
  const { requests, replied, failed, refused, lost, cancelled, clients, types } = status;
  const outcomes = Object.entries({ replied, failed, refused, lost, cancelled });
  const gauge = (
    name: string,
    help: string,
    of: (type: ServiceStatus["types"][string]) => number,
  ): Metric => ({
    name,
    type: "gauge",
    help,
    values: Object.entries(types).map(([type, state]) => [{ type }, of(state)]),
  });
  return [
    {
      name: "zmqpipeline_requests_total",
      type: "counter",
      help: "Requests that arrived.",
      values: [[{}, requests]],
    },
    {
      name: "zmqpipeline_requests_ended_total",
      type: "counter",
      help: "Requests that ended, by outcome.",
      values: outcomes.map(([outcome, count]) => [{ outcome }, count]),
    },
    {
      name: "zmqpipeline_clients",
      type: "gauge",
      help: "Clients that are connected.",
      values: [[{}, clients]],
    },
    gauge("zmqpipeline_service_workers", "Workers that are connected.", ({ workers }) => workers),
    gauge("zmqpipeline_requests_queued", "Requests that wait for a worker.", ({ queued }) => queued),
    gauge("zmqpipeline_requests_running", "Requests that a worker has.", ({ running }) => running),
  ];
}
