import type { DistributorCore } from "../core/distributor/distributor-core.ts";
import { oldestItem } from "../core/distributor/oldest-item.ts";
import type { RunPace } from "./run-pace.ts";
import type { RunProgress, TaskProgress } from "./run-summary.ts";

/** How a run stands; empty without a core, before the run is opened. */
export function progressOf(core: DistributorCore | undefined, pace: RunPace | undefined): RunProgress {
  const tasks: Record<string, TaskProgress> = {};
  if (core === undefined || pace === undefined) return { workers: 0, tasks };
  const now = performance.now();
  const { phase: runPhase } = core.view;
  const isEnded = runPhase === "ending" || runPhase === "over";
  const complete = new Set<string>();
  for (const { name, phase } of core.tasks) if (phase === "complete") complete.add(name);
  for (const task of core.tasks) {
    const { name, spec, counts, workers } = task;
    let inFlight = 0;
    for (const worker of workers) inFlight += worker.held;
    const isStopped = task.isCutShort || (isEnded && task.phase !== "complete");
    tasks[name] = {
      ...counts,
      phase: isStopped ? "stopped" : task.phase,
      total: pace.totalOf(task),
      waitsFor: spec.dependencies.filter((dependency) => !complete.has(dependency)),
      inFlight,
      workers: workers.size,
      pace: pace.of(task, now),
      oldest: oldestItem(task, core.view.now),
    };
  }
  return { workers: core.fleet.size, tasks };
}
