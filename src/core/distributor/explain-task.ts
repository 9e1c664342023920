import { itemNumber } from "../../protocol/generation.ts";
import { ageText, countText, type Explanation } from "../explanation.ts";
import { runningAt } from "./execution-order.ts";
import { workerText } from "./explain-item.ts";
import type { Item } from "./item.ts";
import type { RunView } from "./run-view.ts";
import type { TaskLedger } from "./task-ledger.ts";

/** Says why a task is not done. */
export function explainTask(view: RunView, task: TaskLedger): Explanation {
  const { name: subject } = task;
  const state = task.isCutShort ? "stopped" : task.phase;
  const isDone = state === "complete";
  const reasons = isDone ? ["It is complete."] : [...runReasons(view, task), ...itemReasons(view, task)];
  return { subject, isDone, state, reasons };
}

/** What holds up the task as a whole. */
function runReasons(view: RunView, task: TaskLedger): string[] {
  const { collectorMissingMs } = view;
  if (view.phase === "preparing")
    return ["The distributor is not ready: it waits for metadata, or its tasks are being initialised."];
  if (view.phase === "stopping") return ["The run is being stopped: nothing more is produced."];
  if (view.phase !== "running") return ["The run is ending."];
  if (task.phase === "blocked") return dependencyReasons(view, task);
  if (collectorMissingMs !== undefined)
    return [
      `The collector has not been there for ${ageText(collectorMissingMs)}: nothing is handed out.`,
      ...workerReasons(view, task),
    ];
  return [...workerReasons(view, task), ...supplyReasons(task)];
}

function dependencyReasons({ tasks }: RunView, task: TaskLedger): string[] {
  return task.spec.dependencies.flatMap((name) => {
    const other = tasks.get(name);
    if (other === undefined || other.phase === "complete") return [];
    const { items, acked, failed } = other.counts;
    return [
      `It waits for task ${name}, which is ${other.phase}: ${acked + failed} of ${items} items are over.`,
    ];
  });
}

function workerReasons(view: RunView, task: TaskLedger): string[] {
  const workers = [...task.workers];
  const [first] = workers;
  const ready = workers.filter(({ phase }) => phase.kind === "ready").length;
  if (!task.begun && first === undefined)
    return [
      `It begins when ${countText(view.minWorkers, "worker", ["is", "are"])} ready; none has connected yet.`,
    ];
  if (!task.begun)
    return [
      `It begins when ${countText(view.minWorkers, "worker", ["is", "are"])} ready; ${ready} of ${workers.length} ${ready === 1 ? "is" : "are"}.`,
    ];
  if (first === undefined)
    return [`It has had no worker for ${ageText(view.now - task.tooFewWorkersSince)}.`];
  if (ready > 0) return [];
  return [
    `None of its workers takes items (${workers.length}); the first, ${first.id}: ${workerText(first, view.now)}.`,
  ];
}

/** Whether the task waits for its workers, or the workers for the task. */
function supplyReasons(task: TaskLedger): string[] {
  if (!task.begun || task.workers.size === 0) return [];
  if (task.phase === "exhausted") return ["All its items are produced."];
  if (task.errors.isFull)
    return ["The collector has to confirm failed items first: thousands of them wait for it."];
  const { size } = task.withRoom;
  if (size === 0)
    return ["Its workers have as many items as they may hold: more workers would make it faster."];
  const idle = [...task.withRoom].filter(({ held }) => held === 0).length;
  return [
    `${countText(size, "worker", ["has", "have"])} room (${idle} idle), and the task no item to give just now.`,
  ];
}

/** Where the items are that are not settled. */
function itemReasons(view: RunView, task: TaskLedger): string[] {
  const counts = { queue: 0, suspects: 0, backoff: 0, worker: 0, taken: 0, collector: 0, settled: 0 };
  const found: { oldest?: Item } = {};
  task.items.forEach((item) => {
    counts[item.place.at] += 1;
    const isOlder = found.oldest === undefined || item.grantedAt < found.oldest.grantedAt;
    if (item.place.at === "worker" && isOlder) found.oldest = item;
  });
  const lines: readonly (readonly [number, readonly [string, string], string])[] = [
    [counts.worker, ["is", "are"], `with workers.${oldestText(view, task, found.oldest)}`],
    [counts.queue, ["waits", "wait"], "to be tried again, by the next worker with room."],
    [counts.backoff, ["waits", "wait"], "before the next attempt."],
    [counts.suspects, ["was", "were"], "with workers that were lost, and will go out alone."],
    [counts.taken, ["is", "are"], "executed: their results wait for those of earlier items."],
    [counts.collector, ["has", "have"], "failed for good, which the collector has yet to confirm."],
  ];
  return lines.flatMap(([count, verb, rest]) =>
    count === 0 ? [] : [`${countText(count, "item", verb)} ${rest}`],
  );
}

function oldestText(view: RunView, task: TaskLedger, item: Item | undefined): string {
  if (item?.place.at !== "worker") return "";
  const { worker } = item.place;
  const age = ageText(view.now - item.grantedAt);
  const waiting = runningAt(task, worker, view.now)?.waiting.length ?? 0;
  const behind =
    waiting === 0
      ? ""
      : ` ${countText(waiting, "more item", ["waits", "wait"])} behind ${worker.concurrency === 1 ? "it" : "its items"}.`;
  return ` The oldest is item ${itemNumber(item.seq)}: for ${age} with ${worker.id}, attempt ${item.attempt}.${behind}`;
}
