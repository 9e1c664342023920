import { PipelineError } from "../errors.ts";
import type { Difference } from "../journal/content-trail.ts";

const REMEDIES =
  "Nothing was executed. There are three remedies: give the same items in the same order; give the task resume(), so that it goes on where it " +
  "was; or begin with another journal and give the task key(), so that order does not matter";

/** The error of a task whose source gives fewer items than before the restart. */
export function tooFewItems(taskType: string, count: number, position: number): PipelineError {
  return mismatch(
    taskType,
    `gave ${count} ${count === 1 ? "item" : "items"} where it gave ${position} before: item ${count} (counted from 0) is missing`,
  );
}

/** The error of a task whose source gives another item than before the restart. */
export function otherItem(taskType: string, { from, to }: Difference): PipelineError {
  const which = from === to ? `item ${from}` : `one of the items ${from} to ${to}`;
  return mismatch(taskType, `does not repeat what it gave before: ${which} (counted from 0) is another one`);
}

function mismatch(taskType: string, what: string): PipelineError {
  const message = `Task ${JSON.stringify(taskType)} ${what}. ${REMEDIES}`;
  return new PipelineError("JOURNAL_MISMATCH", message, { role: "distributor", taskType });
}
