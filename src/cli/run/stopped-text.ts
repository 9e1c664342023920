import type { RunSummary } from "../../distributor/run-summary.ts";
import { count, counted } from "../../terminal/quantities.ts";
import { commandLine } from "../command-line.ts";
import type { SummaryContext } from "./summary-context.ts";

/** With more tasks than this, how far a run was is told of all in one. */
const NAMED = 5;

/** How far a run was when it was stopped: `207/1,000`; with several tasks, `square 207/1,000, cube 0`; with many, `3,000 items of 200 tasks`. */
export function stoppedAt({ tasks, pace }: Pick<RunSummary, "tasks" | "pace">): string {
  const names = Object.keys(tasks);
  if (names.length > NAMED) {
    const settled = Object.values(tasks).map(({ acked, failed, skipped }) => acked + failed + skipped);
    const done = settled.reduce((all, number) => all + number, 0);
    return `${counted(done, "item")} of ${counted(names.length, "task")}`;
  }
  const parts = Object.entries(tasks).map(([name, { acked, failed, skipped }]) => {
    const expected = pace[name]?.expected;
    const of = expected === undefined ? "" : `/${count(expected)}`;
    return `${names.length === 1 ? "" : `${name} `}${count(acked + failed + skipped)}${of}`;
  });
  return parts.join(", ");
}

/**
 * The command that goes on with a stopped run: the same once more.
 *
 * @param args - The arguments of the command that was stopped. It has a journal.
 */
export function goOnCommand(args: readonly string[]): string {
  // What was taken up once more is in the journal already.
  return commandLine(args.filter((arg) => arg !== "--retry-failed"));
}

/** How a run that was stopped can go on, in words. */
export function goOnText({ journal, args, needs }: SummaryContext): string {
  if (journal === undefined) return "only a run with a journal can go on: --journal FILE";
  return `go on with ${goOnCommand(args)}${needs === undefined ? "" : `, with ${needs}`}`;
}
