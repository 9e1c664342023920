import type { RunReport, WorkerReport } from "../../distributor/run-report.ts";
import type { ServiceReport } from "../../service/service-report.ts";
import { count, counted, duration, type Rates, taskLine } from "../progress-text.ts";

/** The lines of a report. @param rates - Keeps the counts of the last report; the first report shows no rates. */
export function reportLines(report: RunReport | ServiceReport, rates: Rates): string[] {
  return report.kind === "run" ? runLines(report, rates) : serviceLines(report);
}

function runLines(report: RunReport, rates: Rates): string[] {
  const { runId, phase, uptime, host, pid, collectorMissing, progress, workers } = report;
  const collector =
    collectorMissing === undefined ? "" : `  no collector for ${duration(Math.round(collectorMissing))}`;
  const perSecond = rates.update(progress, uptime);
  const width = Math.max(0, ...Object.keys(progress.tasks).map((name) => name.length));
  const tasks = Object.entries(progress.tasks).map(([name, task]) =>
    taskLine(name, task, perSecond.get(name), width),
  );
  return [
    `run ${runId}  ${phase}  for ${duration(uptime)}  process ${pid} on ${host}${collector}`,
    ...tasks,
    ...(workers.length === 0 ? [] : ["", ...workerLines(workers)]),
  ];
}

/** A table of workers: those that need attention come first. */
function workerLines(workers: readonly WorkerReport[]): string[] {
  const sorted = [...workers].sort(
    (a, b) =>
      (b.unreliable ?? 0) - (a.unreliable ?? 0) ||
      Number(a.phase === "ready") - Number(b.phase === "ready") ||
      b.acked - a.acked,
  );
  return table(
    ["worker", "task", "state", "has", "runs", "collected", "failed", "heard", ""],
    sorted.map(({ id, taskType, phase, held, concurrency, acked, failures, unreliable, silence }) => [
      id,
      taskType,
      phase,
      count(held),
      `${concurrency} at a time`,
      count(acked),
      count(failures),
      `${duration(Math.max(1, silence))} ago`,
      unreliable === undefined ? "" : `fails ${count(unreliable)} times as often as the others`,
    ]),
  );
}

function serviceLines({ runId, uptime, host, pid, status, workers }: ServiceReport): string[] {
  const { requests, replied, failed, refused, lost, cancelled, clients, types } = status;
  const typeRows = Object.entries(types).map(([name, { workers: known, queued, running }]) => [
    name === "" ? "(any)" : name,
    count(known),
    count(queued),
    count(running),
  ]);
  const workerRows = workers.map(({ id, taskType, phase, held, concurrency }) => [
    id,
    taskType === "" ? "(any)" : taskType,
    phase,
    count(held),
    `${concurrency} at a time`,
  ]);
  return [
    `service ${runId}  for ${duration(uptime)}  process ${pid} on ${host}  ${counted(clients, "client")}`,
    `${counted(requests, "request")}  ${count(replied)} replied  ${count(failed)} failed  ${count(refused)} refused  ${count(lost)} lost  ${count(cancelled)} cancelled`,
    ...(typeRows.length === 0 ? [] : ["", ...table(["type", "workers", "waiting", "running"], typeRows)]),
    ...(workerRows.length === 0
      ? []
      : ["", ...table(["worker", "type", "state", "has", "runs"], workerRows)]),
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  return [header, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
