import { itemId } from "../protocol/item-id.ts";
import { decodeValue } from "../protocol/payload/payload.ts";
import { differenceText } from "./difference-text.ts";
import type { BegunExecution } from "./executions.ts";
import { itemText } from "./findings.ts";
import type { Finding, FoundItem } from "./pipeline-verdict.ts";

/** What is wrong with two handlers that disturb each other. */
export function raceFinding(
  [one, other]: readonly [BegunExecution, BegunExecution],
  before: unknown,
  after: unknown,
): Finding {
  const handler = one.worker.handlerName;
  const name = other.worker.handlerName;
  const message =
    `${handler} and ${name === handler ? "itself" : name} disturb each other when they run at the same time, ` +
    `for ${itemText(itemOf(one))} and ${itemText(itemOf(other))}: the outcome differs from that of one after the other: ${differenceText(before, after)}`;
  return { kind: "race", message, handler, taskType: one.taskType, item: itemOf(one), before, after };
}

function itemOf({ execution, taskType }: BegunExecution): FoundItem {
  return { id: itemId(execution.sourceId, taskType, execution.seq), data: decodeValue(execution.payload) };
}
