import { isDeepStrictEqual } from "node:util";
import { decodeValue } from "../protocol/payload/payload.ts";
import { differenceText } from "./difference-text.ts";
import type { FirstResult } from "./execution-examiner.ts";
import type { Executions } from "./executions.ts";
import type { Finding } from "./pipeline-verdict.ts";
import { valueText } from "./value-text.ts";

/** What a run has shown. */
export interface RunRecord {
  /** The first result of each item, by its id. */
  readonly results: ReadonlyMap<string, FirstResult>;
  /** The pairs of executions that ran at the same time. */
  readonly overlapped: Executions["overlapped"];
  /** How many items each task gave. */
  readonly given: ReadonlyMap<string, number>;
  /** The snapshot behind `reset()`. */
  readonly initial: unknown;
  /** The snapshot at the end. */
  readonly snapshot: unknown;
}

/** What is wrong where `reset()` did not put back the state in front of the first run. */
export function resetFinding(first: RunRecord, later: RunRecord): Finding | undefined {
  const [before, after] = [first.initial, later.initial];
  if (isDeepStrictEqual(before, after)) return undefined;
  const message = `reset() does not put everything back: the snapshot before the first run and the one before a later run differ: ${differenceText(before, after)}`;
  return { kind: "reset", message, handler: "reset()", before, after };
}

/** What is wrong where a task gave items in one run, and none in another. */
export function emptySourceFinding(first: RunRecord, later: RunRecord): Finding | undefined {
  for (const [taskType, count] of first.given)
    if (count > 0 && later.given.get(taskType) === 0)
      return sourceFinding(taskType, `gave ${countText(count)} in the first run, and none in a later one`);
  return undefined;
}

/** What is wrong where two runs that are alike had other items. */
export function otherItemsFinding(first: RunRecord, again: RunRecord): Finding | undefined {
  for (const [taskType, count] of first.given) {
    const other = again.given.get(taskType) ?? 0;
    if (other !== count)
      return sourceFinding(
        taskType,
        `gave ${countText(count)} in one run, and ${countText(other)} in another`,
      );
  }
  for (const [id, { item }] of first.results) {
    const other = again.results.get(id)?.item;
    if (other === undefined || Buffer.compare(item, other) === 0) continue;
    const [before, after] = [valueText(decodeValue(item)), valueText(decodeValue(other))];
    return sourceFinding(
      id.split("/")[1] ?? "",
      `gave ${before} as item ${id} in one run, and ${after} in another`,
    );
  }
  return undefined;
}

function sourceFinding(taskType: string, what: string): Finding {
  const message = `task ${JSON.stringify(taskType)} ${what}: its items must be the same whenever a run is repeated`;
  return { kind: "source", message, handler: `task ${taskType}`, taskType };
}

function countText(count: number): string {
  return count === 1 ? "1 item" : `${count} items`;
}
