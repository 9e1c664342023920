import type { DistributorCore } from "../core/distributor/distributor-core.ts";
import type { DistributorPhase } from "../core/distributor/distributor-port.ts";
import { explainItem } from "../core/distributor/explain-item.ts";
import { explainTask } from "../core/distributor/explain-task.ts";
import type { WorkerRecordPhase } from "../core/distributor/worker-record.ts";
import type { Explanation } from "../core/explanation.ts";
import { type ProcessReport, processReport, reportedWorkers } from "../role/inspection.ts";
import type { RunProgress } from "./run-summary.ts";

/** One worker, as its distributor sees it. */
export interface WorkerReport {
  readonly id: string;
  readonly taskType: string;
  /**
   * Being initialised; at work; its main thread busy in a handler; its connection ended a moment ago; connected, but does not
   * answer; ending.
   */
  readonly phase: WorkerRecordPhase["kind"];
  /** Items that the worker executes at a time. */
  readonly concurrency: number;
  /** Items granted to the worker and not yet ACKed. */
  readonly held: number;
  /** Items that the worker may hold. */
  readonly window: number;
  /** Items whose result came from the worker. */
  readonly acked: number;
  /** Executions on the worker that failed. */
  readonly failures: number;
  /** How many times as often as on the other workers items fail here that succeed elsewhere; absent for a reliable worker. */
  readonly unreliable?: number;
  /** How long ago the worker's last message arrived, in ms. */
  readonly silence: number;
}

/** A distributor's answer to a status request. */
export interface RunReport extends ProcessReport {
  readonly kind: "run";
  readonly runId: string;
  readonly phase: DistributorPhase["kind"];
  /** For how long the collector has not been there, in ms; undefined: it is. */
  readonly collectorMissing: number | undefined;
  readonly progress: RunProgress;
  /** At most 1,000: with more, those that are at work and reliable are left out first. */
  readonly workers: readonly WorkerReport[];
  /** How many workers `workers` leaves out; absent: none. */
  readonly moreWorkers?: number;
}

export function reportRun(
  core: DistributorCore,
  runId: string,
  progress: RunProgress,
  startedAt: number,
): RunReport {
  const { phase, collectorMissingMs: collectorMissing, now } = core.view;
  const { listed, left } = reportedWorkers(
    core.fleet.workers,
    ({ phase: { kind }, reliability }) => kind !== "ready" || reliability.isUnreliable,
  );
  const workers = listed.map((worker) => ({
    id: worker.id,
    taskType: worker.task.name,
    phase: worker.phase.kind,
    concurrency: worker.concurrency,
    held: worker.held,
    window: worker.window.size,
    acked: worker.acked,
    failures: worker.reliability.failures,
    ...(worker.reliability.isUnreliable ? { unreliable: Math.round(worker.reliability.ratio) } : {}),
    silence: Math.round(now - worker.lastHeard),
  }));
  const more = left > 0 ? { moreWorkers: left } : {};
  return {
    kind: "run",
    ...processReport(startedAt),
    runId,
    phase,
    collectorMissing,
    progress,
    workers,
    ...more,
  };
}

/** @returns Why an item or a task is not done; undefined if there is no such task. */
export function explainRun(
  core: DistributorCore,
  taskType: string,
  seq: number | undefined,
): Explanation | undefined {
  const { view } = core;
  const task = view.tasks.get(taskType);
  if (task === undefined) return undefined;
  return seq === undefined ? explainTask(view, task) : explainItem(view, task, seq);
}
