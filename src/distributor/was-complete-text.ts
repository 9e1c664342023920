import type { OpenJournal } from "../journal/open-journal.ts";

/** Says that the run in a journal was complete already, since when, and how to begin anew. */
export function wasCompleteText(
  path: string,
  { completedAt, tasks, runId }: Pick<OpenJournal, "completedAt" | "tasks" | "runId">,
): string {
  const failed = [...tasks.values()].reduce((sum, { counts }) => sum + counts.failed, 0);
  const since = completedAt === undefined ? "" : ` since ${timeText(completedAt)}`;
  const items = failed === 1 ? "failed item" : `${failed} failed items`;
  const retry = failed === 0 ? "" : `, or execute its ${items} again with retryFailed (--retry-failed)`;
  return (
    `run ${runId} in journal ${JSON.stringify(path)} is complete${since}: nothing is executed. ` +
    `To begin anew, delete the file or name another one${retry}`
  );
}

/** A time to the second, in UTC. */
function timeText(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
