import type { RunSummary } from "../pipeline/run-summary.ts";
import { count, duration } from "./progress-text.ts";
import type { RunStatistics } from "./run-statistics.ts";

/** A run's end in words. @param journal - Where all failures can be looked up, if there is one. */
export function summaryText(
  summary: RunSummary,
  statistics: RunStatistics,
  journal: string | undefined,
): string {
  const { status, duration: wall, tasks } = summary;
  const lines = [`${status} in ${duration(wall)}`];
  for (const [name, { items, acked, failed, retried }] of Object.entries(tasks)) {
    const rate = wall > 0 ? `, ${count((acked / wall) * 1000)}/s` : "";
    lines.push(
      `  ${name}: ${count(items)} items, ${count(acked)} collected, ${count(failed)} failed, ${count(retried)} retried${rate}`,
    );
  }
  const { durations, slowest, failures } = statistics;
  if (durations !== undefined) {
    const { p50, p95, max } = durations;
    lines.push(
      `  an item took ${duration(p50)} (p50), ${duration(p95)} (p95), ${duration(max)} (max); the slowest:`,
    );
    for (const { id, duration: ms } of slowest) lines.push(`    ${duration(ms).padStart(8)}  ${id}`);
  }
  for (const { taskType, message, stack, firstId, count: times } of failures) {
    lines.push(
      `  failed ${times === 1 ? "once" : `${count(times)} times`}${taskType === "" ? "" : ` in ${taskType}`}: ${message}`,
      `    first: ${firstId}`,
    );
    for (const line of stack.split("\n").slice(1, 6)) lines.push(`    ${line.trim()}`);
  }
  if (failures.length > 0)
    lines.push(
      journal === undefined
        ? "  with a journal, all failed items are kept: see --journal"
        : `  all of them: zmqpipeline journal failed ${journal}`,
    );
  return `${lines.join("\n")}\n`;
}

/** The same for programs. */
export function summaryJson(
  { runId, status, duration: ms, tasks }: RunSummary,
  statistics: RunStatistics,
): object {
  const { durations = null, slowest, failures } = statistics;
  return { runId, status, duration: ms, tasks, durations, slowest, failures };
}
