import type { RunSummary, TaskSummary } from "../../distributor/run-summary.ts";
import type { TaskPace } from "../../distributor/task-pace.ts";
import { chosenTasks, MOST_TASKS, moreTasks } from "../../terminal/chosen-tasks.ts";
import type { Paint } from "../../terminal/colours.ts";
import { count, counted, duration } from "../../terminal/quantities.ts";
import { shellWord } from "../command-line.ts";
import { type FailureGroup, unnamedFailures } from "./failure-groups.ts";
import { failureLines } from "./failure-lines.ts";
import type { RunStatistics } from "./run-statistics.ts";
import { goOnText, stoppedAt } from "./stopped-text.ts";
import type { SummaryContext } from "./summary-context.ts";

/** The summary of a run in words, a line each: failures last. */
export function summaryLines(
  summary: RunSummary,
  statistics: RunStatistics,
  context: SummaryContext,
  paint: Paint,
): string[] {
  const names = Object.keys(summary.tasks);
  const lines = [
    headline(summary, context, paint),
    ...taskLines(names, summary, paint),
    ...completeLines(summary),
    ...durationLines(statistics),
  ];
  for (const { id, failures: failed, executions, ratio } of summary.unreliableWorkers)
    lines.push(
      `  ${paint("yellow", `worker ${id} fails ${count(ratio)} times as often as the others`)}: ${count(failed)} of ${counted(executions, "execution")}`,
    );
  lines.push(...failuresLines(failuresOf(summary, statistics), context, paint));
  return lines;
}

/** What failed, in lines, and where the rest of it is. */
export function failuresLines(
  failures: readonly FailureGroup[],
  { journal, allFailures }: Pick<SummaryContext, "journal" | "allFailures">,
  paint: Paint,
): string[] {
  if (failures.length === 0) return [];
  const inJournal =
    journal === undefined
      ? "to keep all failed items, use a journal: --journal FILE"
      : `list all failures: zmqpipeline journal failed ${shellWord(journal)} --json`;
  const where = allFailures ?? inJournal;
  return [...failureLines(failures, paint), ...(where === "" ? [] : [where])].map((line) => `  ${line}`);
}

/** The failures of a run by their kind. Their numbers add up to the number of failed items. */
export function failuresOf(
  { tasks, pace }: RunSummary,
  { failures }: RunStatistics,
): readonly FailureGroup[] {
  const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);
  const unseen =
    sum(Object.values(tasks).map(({ failed }) => failed)) - sum(failures.map((group) => group.count));
  if (unseen <= 0) return failures;
  const earlier = Math.min(unseen, sum(Object.values(pace).map((task) => task.earlier.failed)));
  const unnamed: readonly (readonly [string, number])[] = [
    ["in an earlier process of this run", earlier],
    ["with errors that only the collector has", unseen - earlier],
  ];
  return [
    ...failures,
    ...unnamed.filter(([, number]) => number > 0).map(([text, number]) => unnamedFailures(text, number, "")),
  ];
}

function headline(summary: RunSummary, context: SummaryContext, paint: Paint): string {
  const { status, duration: wall } = summary;
  const state = statusText(status, paint);
  if (status !== "stopped" && context.isBroken === true)
    return `${paint("yellow", "ended early")} after ${duration(wall)}, because the other inputs cannot be read`;
  if (status !== "stopped") return `${state} in ${duration(wall)}`;
  return `${state} at ${stoppedAt(summary)} in ${duration(wall)}; ${goOnText(context)}`;
}

/** How a run ended, as a terminal shows it. */
export function statusText(status: RunSummary["status"], paint: Paint): string {
  return paint(status === "complete" ? "green" : "yellow", status);
}

/** A line for each task; of a run with many, for those that failed or are not complete, and one for the others. */
function taskLines(names: readonly string[], summary: RunSummary, paint: Paint): string[] {
  const { shown, rest } = chosenTasks(names, (name) => rankOf(name, summary), MOST_TASKS);
  const lines = shown.map((name) => taskText(name, summary, names.length > 1, paint));
  if (rest.length > 0) {
    const sum = (field: "items" | "acked" | "failed") =>
      rest.reduce((all, name) => all + (summary.tasks[name]?.[field] ?? 0), 0);
    lines.push(
      `${moreTasks(rest.length)}: ${counted(sum("items"), "item")}, ${count(sum("acked"))} collected, ${count(sum("failed"))} failed; --json has each`,
    );
  }
  return lines.map((line) => `  ${line}`);
}

function rankOf(name: string, { tasks, pace }: RunSummary): number {
  const { items, acked, failed, skipped } = tasks[name] as TaskSummary;
  if (failed > 0) return 0;
  return acked + skipped < (pace[name]?.expected ?? items + skipped) ? 1 : 2;
}

/** @param isOneOfSeveral - Whether the task's own time differs from that of the run. */
function taskText(name: string, { tasks, pace }: RunSummary, isOneOfSeveral: boolean, paint: Paint): string {
  const { items, acked, failed, retried, skipped } = tasks[name] as TaskSummary;
  const { earlier, rate, duration: ms } = pace[name] as TaskPace;
  const left = skipped > 0 ? `, ${count(skipped)} skipped` : "";
  const speed =
    rate === undefined ? "" : `, ${rateText(rate)}${isOneOfSeveral ? ` for ${duration(ms)}` : ""}`;
  const lost = `${count(failed)} failed`;
  const of = (number: number) => (number > 0 ? ` (${count(number)} earlier)` : "");
  return `${name}: ${counted(items, "item")}, ${count(acked)} collected${of(earlier.acked)}, ${failed > 0 ? paint("red", lost) : lost}${of(earlier.failed)}, ${count(retried)} retried${of(earlier.retried)}${left}${speed}`;
}

/** Items a second, or a minute or an hour where that is less than one. */
function rateText(perSecond: number): string {
  if (perSecond >= 10) return `${count(perSecond)}/s`;
  if (perSecond >= 1) return `${perSecond.toFixed(1)}/s`;
  const perMinute = perSecond * 60;
  return perMinute >= 1
    ? `${Number(perMinute.toPrecision(2))}/min`
    : `${Number((perMinute * 60).toPrecision(2))}/h`;
}

function completeLines({ wasComplete, completedAt, tasks }: RunSummary): string[] {
  if (wasComplete !== true) return [];
  const since = completedAt === undefined ? "" : ` at ${completedAt.toISOString()}`;
  const retry = Object.values(tasks).some(({ failed }) => failed > 0)
    ? " --retry-failed to execute failed items once more,"
    : "";
  return [
    `  the run in this journal was already complete${since}, so nothing was executed: use another journal or delete the file to start again,${retry} or --incremental to execute new items only`,
  ];
}

/** How long items took, in lines; none where nothing was measured. */
export function durationLines({ durations, slowest }: RunStatistics): string[] {
  if (durations === undefined) return [];
  const { p50, p95, max, items, means } = durations;
  const which =
    means === 0
      ? ""
      : `, where ${count(means)} of ${count(items)} came in groups and have their group's mean`;
  return [
    `  an item took ${duration(p50)} (p50), ${duration(p95)} (p95), ${duration(max)} (max)${which}; the slowest:`,
    ...slowest.map((item) => {
      const mean = item.items === 1 ? "" : `  (mean of ${count(item.items)} items)`;
      return `    ${duration(item.duration).padStart(8)}  ${item.id}${mean}`;
    }),
  ];
}
