import type { DistributorCore } from "../core/distributor/distributor-core.ts";
import type { RunProgress, TaskProgress } from "./run-summary.ts";
import type { Task } from "./task.ts";

/** How a run stands; empty without a core, before the run is opened. */
export function progressOf(
  core: DistributorCore | undefined,
  all: readonly Task<object, object, object>[],
): RunProgress {
  const tasks: Record<string, TaskProgress> = {};
  const complete = new Set<string>();
  for (const { name, phase } of core?.tasks ?? []) if (phase === "complete") complete.add(name);
  for (const { name, spec, counts, phase, workers } of core?.tasks ?? []) {
    let inFlight = 0;
    for (const worker of workers) inFlight += worker.held;
    const total = all.find(({ taskType }) => taskType.name === name)?.total;
    const waitsFor = spec.dependencies.filter((dependency) => !complete.has(dependency));
    tasks[name] = { ...counts, phase, total, waitsFor, inFlight, workers: workers.size };
  }
  return { workers: core?.fleet.size ?? 0, tasks };
}
