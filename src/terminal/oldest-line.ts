import type { RunningItem, RunProgress } from "../distributor/run-summary.ts";
import { counted, duration } from "./quantities.ts";

/** The item that has been with a worker for the longest time, and its task. */
interface OldestItem extends RunningItem {
  readonly task: string;
}

/** The item of a run that has been with a worker for the longest time. */
export function oldestOf({ tasks }: RunProgress): OldestItem | undefined {
  let oldest: OldestItem | undefined;
  for (const [task, { oldest: item }] of Object.entries(tasks))
    if (item !== undefined && item.age > (oldest?.age ?? -1)) oldest = { task, ...item };
  return oldest;
}

/** A line about that item, by the name that `zmqpipeline explain` takes. */
export function oldestLine({ task, seq, age, attempt, workerId }: OldestItem): string {
  const tried = attempt > 1 ? `, ${counted(attempt, "attempt")}` : "";
  return `oldest item: ${task}/${seq}, for ${duration(Math.max(1, age))} with ${workerId}${tried}`;
}
