import type { RunReport, WorkerReport } from "../../distributor/run-report.ts";
import type { ServiceReport, ServiceWorkerReport } from "../../service/service-report.ts";
import type { Paint } from "../../terminal/colours.ts";
import { type Column, joinColumns } from "../../terminal/columns.ts";
import { oldestLine, oldestOf } from "../../terminal/oldest-line.ts";
import { count, counted, duration } from "../../terminal/quantities.ts";
import { type TableColumn, tableLines } from "../../terminal/table.ts";
import { nameWidthOf, taskLine } from "../../terminal/task-line.ts";
import { truncated } from "../../terminal/text-width.ts";

/** How reports are laid out. */
export interface ReportLayout {
  /** How many columns of a terminal a line may take; `Infinity` where it is no terminal. */
  readonly width: number;
  readonly hasBars: boolean;
  readonly paint: Paint;
}

/** An item that has been with its worker for longer than this, in ms, is named. */
const OLD_MS = 1000;

/** The lines of a report. */
export function reportLines(report: RunReport | ServiceReport, layout: ReportLayout): string[] {
  return [headLine(report, layout), ...bodyLines(report, layout), ...detailLines(report, layout)];
}

/** What the lines of a report say beside its first line and its tables. */
export function bodyLines(report: RunReport | ServiceReport, layout: ReportLayout): string[] {
  const { width, paint } = layout;
  const error = report.outcome?.error;
  return [
    ...(report.kind === "run" ? taskLines(report, layout) : [requestsLine(report, layout)]),
    ...(error === undefined ? [] : [paint("red", truncated(error, width))]),
  ];
}

/** The tables of a report: workers, and the types of a service. */
export function detailLines(report: RunReport | ServiceReport, layout: ReportLayout): string[] {
  if (report.outcome !== undefined) return [];
  const lines = report.kind === "run" ? workerLines(report.workers, layout) : serviceLines(report, layout);
  const { moreWorkers = 0 } = report;
  const moreTypes = report.kind === "service" ? (report.moreTypes ?? 0) : 0;
  const left = [
    ...(moreWorkers > 0 ? [counted(moreWorkers, "more worker")] : []),
    ...(moreTypes > 0 ? [counted(moreTypes, "more task type")] : []),
  ];
  return left.length === 0 ? lines : [...lines, `and ${left.join(" and ")}`];
}

/** How a run or a service stands as a whole. */
export function headLine(report: RunReport | ServiceReport, { width, paint }: ReportLayout): string {
  const { kind, runId, host, pid } = report;
  const missing = report.kind === "run" ? report.collectorMissing : undefined;
  const columns: (Column | undefined)[] = [
    { text: `${kind} ${runId}`, importance: 5, style: "bold" },
    { text: stateText(report), importance: 4, ...styleOf(report) },
    missing === undefined || report.outcome !== undefined
      ? undefined
      : { text: `no collector for ${duration(Math.round(missing))}`, importance: 3, style: "yellow" },
    report.outcome === undefined ? { text: `process ${pid} on ${host}`, importance: 1 } : undefined,
    report.kind === "service" ? { text: counted(report.status.clients, "client"), importance: 2 } : undefined,
  ];
  return joinColumns(
    columns.filter((column) => column !== undefined),
    width,
    paint,
  );
}

/** `running for 12 s`, `complete in 12 s`. */
export function stateText(report: RunReport | ServiceReport): string {
  const time = duration(Math.max(1, report.uptime));
  const status = report.outcome?.status;
  if (status === undefined) return report.kind === "run" ? `${report.phase} for ${time}` : `for ${time}`;
  if (status === "complete") return `complete in ${time}`;
  return `${status} after ${time}`;
}

/** How the state of a report is painted. */
export function styleOf({ outcome }: RunReport | ServiceReport): Pick<Column, "style"> {
  if (outcome === undefined) return {};
  return { style: outcome.status === "complete" ? "green" : outcome.status === "aborted" ? "red" : "yellow" };
}

function taskLines({ progress, outcome }: RunReport, layout: ReportLayout): string[] {
  const { width, paint, hasBars } = layout;
  const nameWidth = nameWidthOf(Object.keys(progress.tasks), width);
  const lines = Object.entries(progress.tasks).map(([name, task]) =>
    taskLine(name, task, { nameWidth, width, hasBar: hasBars, paint }),
  );
  const oldest = outcome === undefined ? oldestOf(progress) : undefined;
  const isOld = oldest !== undefined && oldest.age >= OLD_MS;
  return isOld ? [...lines, paint("dim", truncated(oldestLine(oldest), width))] : lines;
}

/** Columns of workers: those that say what is wrong are left out last. */
const WORKER_COLUMNS: readonly TableColumn<WorkerReport>[] = [
  { title: "worker", importance: 9, text: ({ id }) => id },
  { title: "task", importance: 5, text: ({ taskType }) => taskType },
  {
    title: "state",
    importance: 8,
    text: ({ phase }) => phase,
    style: ({ phase }) => (phase === "ready" ? undefined : "yellow"),
  },
  { title: "has", importance: 6, text: ({ held }) => count(held) },
  { title: "runs", importance: 1, text: ({ concurrency }) => `${concurrency} at a time` },
  { title: "collected", importance: 4, text: ({ acked }) => count(acked) },
  {
    title: "failed",
    importance: 7,
    text: ({ failures }) => count(failures),
    style: ({ failures }) => (failures > 0 ? "red" : undefined),
  },
  { title: "heard", importance: 3, text: ({ silence }) => `${duration(Math.max(1, silence))} ago` },
  {
    title: "",
    importance: 2,
    text: ({ unreliable }) =>
      unreliable === undefined ? "" : `fails ${count(unreliable)} times as often as the others`,
    style: () => "red",
  },
];

/** A table of workers: those that need attention come first. */
function workerLines(workers: readonly WorkerReport[], { width, paint }: ReportLayout): string[] {
  const sorted = [...workers].sort(
    (a, b) =>
      (b.unreliable ?? 0) - (a.unreliable ?? 0) ||
      Number(a.phase === "ready") - Number(b.phase === "ready") ||
      b.acked - a.acked,
  );
  return sorted.length === 0 ? [] : ["", ...tableLines(WORKER_COLUMNS, sorted, width, paint)];
}

function requestsLine({ status }: ServiceReport, { width, paint }: ReportLayout): string {
  const { requests, replied, failed, refused, lost, cancelled } = status;
  const wrong = (number: number, what: string, importance: number): Column => ({
    text: `${count(number)} ${what}`,
    importance,
    ...(number > 0 ? { style: "red" } : {}),
  });
  return joinColumns(
    [
      { text: counted(requests, "request"), importance: 6 },
      { text: `${count(replied)} replied`, importance: 5 },
      wrong(failed, "failed", 4),
      wrong(refused, "refused", 2),
      wrong(lost, "lost", 3),
      wrong(cancelled, "cancelled", 1),
    ],
    width,
    paint,
  );
}

type TypeRow = readonly [name: string, status: ServiceReport["status"]["types"][string]];

const TYPE_COLUMNS: readonly TableColumn<TypeRow>[] = [
  { title: "type", importance: 4, text: ([name]) => typeName(name) },
  { title: "workers", importance: 2, text: ([, { workers }]) => count(workers) },
  { title: "waiting", importance: 3, text: ([, { queued }]) => count(queued) },
  { title: "running", importance: 1, text: ([, { running }]) => count(running) },
];

const SERVICE_WORKER_COLUMNS: readonly TableColumn<ServiceWorkerReport>[] = [
  { title: "worker", importance: 5, text: ({ id }) => id },
  { title: "type", importance: 2, text: ({ taskType }) => typeName(taskType) },
  { title: "state", importance: 4, text: ({ phase }) => phase },
  { title: "has", importance: 3, text: ({ held }) => count(held) },
  { title: "runs", importance: 1, text: ({ concurrency }) => `${concurrency} at a time` },
];

function serviceLines({ status, workers }: ServiceReport, { width, paint }: ReportLayout): string[] {
  const types = Object.entries(status.types);
  return [
    ...(types.length === 0 ? [] : ["", ...tableLines(TYPE_COLUMNS, types, width, paint)]),
    ...(workers.length === 0 ? [] : ["", ...tableLines(SERVICE_WORKER_COLUMNS, workers, width, paint)]),
  ];
}

function typeName(name: string): string {
  return name === "" ? "(any)" : name;
}
