import type { RunSummary } from "../../distributor/run-summary.ts";
import { count, counted, duration } from "../progress-text.ts";
import type { FailureGroup } from "./failure-groups.ts";
import type { RunStatistics } from "./run-statistics.ts";

/** How many lines of a message, below its first, and how many frames of a stack a summary shows. */
const MESSAGE_LINES = 5;
const FRAMES = 5;

/** The summary of a run in words. @param journal - The journal's path, if the run had one: it has all failures. */
export function summaryText(
  summary: RunSummary,
  statistics: RunStatistics,
  journal: string | undefined,
): string {
  const { status, duration: wall, tasks, wasComplete = false, completedAt } = summary;
  const lines = [`${status} in ${duration(wall)}`];
  for (const [name, { items, acked, failed, retried, skipped }] of Object.entries(tasks)) {
    const left = skipped > 0 ? `, ${count(skipped)} skipped` : "";
    const rate = wall > 0 ? `, ${count((acked / wall) * 1000)}/s` : "";
    lines.push(
      `  ${name}: ${counted(items, "item")}, ${count(acked)} collected, ${count(failed)} failed, ${count(retried)} retried${left}${rate}`,
    );
  }
  if (wasComplete) {
    const since = completedAt === undefined ? "" : ` at ${completedAt.toISOString()}`;
    const retry = Object.values(tasks).some(({ failed }) => failed > 0)
      ? " --retry-failed to execute failed items once more,"
      : "";
    lines.push(
      `  the run in this journal was already complete${since}, so nothing was executed: use another journal or delete the file to start again,${retry} or --incremental to execute new items only`,
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
  for (const { id, failures: failed, executions, ratio } of summary.unreliableWorkers)
    lines.push(
      `  worker ${id} fails ${count(ratio)} times as often as the others: ${count(failed)} of ${counted(executions, "execution")}`,
    );
  for (const failure of failures) lines.push(...failureLines(failure));
  if (failures.length > 0)
    lines.push(
      journal === undefined
        ? "  to keep all failed items, use a journal: --journal FILE"
        : `  list all failures: zmqpipeline journal failed ${journal}`,
    );
  return `${lines.join("\n")}\n`;
}

function failureLines({ taskType, message, stack, firstId, count: times }: FailureGroup): string[] {
  const often = times === 1 ? "once" : `${count(times)} times`;
  const [head, ...more] = message.split("\n");
  return [
    `  failed ${often}${taskType === "" ? "" : ` in ${taskType}`}: ${head}`,
    ...more.slice(0, MESSAGE_LINES).map((line) => `    ${line}`),
    `    first: ${firstId}`,
    ...framesOf(stack).map((line) => `    ${line}`),
  ];
}

/** The frames of a stack, without the message above them, which may have any number of lines. */
function framesOf(stack: string): string[] {
  const lines = stack.split("\n").map((line) => line.trim());
  return lines.filter((line) => line.startsWith("at ")).slice(0, FRAMES);
}

/** The summary of a run for programs. */
export function summaryJson(
  { runId, status, duration: ms, tasks, unreliableWorkers, wasComplete, completedAt }: RunSummary,
  statistics: RunStatistics,
): object {
  const { durations = null, slowest, failures } = statistics;
  return {
    runId,
    status,
    duration: ms,
    wasComplete: wasComplete === true,
    ...(completedAt === undefined ? {} : { completedAt: completedAt.toISOString() }),
    tasks,
    unreliableWorkers,
    durations,
    slowest,
    failures,
  };
}
