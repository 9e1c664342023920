import { generationOf } from "../../protocol/generation.ts";
import { ageText, countText, type Explanation, itemsText } from "../explanation.ts";
import { busyText, listText, namesOf, runningAt } from "./execution-order.ts";
import type { Item } from "./item.ts";
import type { RunView } from "./run-view.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Says where an item is, and why it is not done: the item by its number in its task. */
export function explainItem(view: RunView, task: TaskLedger, number: number): Explanation {
  const subject = `${task.name}/${number}`;
  const seq = task.latest(number);
  const item = task.items.get(seq);
  if (item !== undefined) return { subject, isDone: false, ...explainPresent(view, task, item) };
  if (number >= task.nextSeq) {
    if (task.producedAll) {
      const reasons = [`The task has produced ${task.nextSeq}, and nothing more comes.`];
      return { subject, isDone: false, state: "no such item", reasons };
    }
    const text = `The task has not produced it: so far there are ${task.nextSeq}.`;
    return { subject, isDone: false, state: "to come", reasons: withBusy([text], view, task) };
  }
  if (task.failed.has(seq)) {
    const reasons = ["It has failed for good; the collector has been given its failure."];
    return { subject, isDone: true, state: "failed", reasons };
  }
  // Which items failed before a restart of the distributor is in its journal only.
  const which = task.earlier.failed === 0 ? "result" : "result, or its failure";
  return { subject, isDone: true, state: "settled", reasons: [`The collector has handled its ${which}.`] };
}

type Standing = Omit<Explanation, "subject" | "isDone">;

function explainPresent(view: RunView, task: TaskLedger, item: Item): Standing {
  const { place, attempt } = item;
  const history = historyOf(item);
  if (place.at === "worker") {
    const { worker } = place;
    const age = Math.max(0, view.now - item.grantedAt);
    const waitsBehind = behind(view, task, worker, item);
    const reasons = [
      ...waitsBehind.reasons,
      `Worker ${worker.id} has had it for ${ageText(age)}, attempt ${attempt}: ${workerText(worker, view.now)}.`,
      ...history,
    ];
    if (view.collectorMissingMs !== undefined)
      reasons.push("The collector is not connected: the result may exist already and wait at the worker.");
    const { ids } = waitsBehind;
    const told = ids.length === 0 ? {} : { waitsBehind: ids };
    return { state: "with a worker", attempt, workerId: worker.id, age, ...told, reasons };
  }
  if (place.at === "collector") {
    const { name, message } = place.error;
    const first = `It has failed for good (${name}: ${message}); the collector has yet to confirm that.`;
    return { state: "failing", attempt, reasons: [first, ...history] };
  }
  if (place.at === "taken") {
    const first = "Its result is there, and waits for those of earlier items.";
    return { state: "executed", attempt, reasons: [first, ...history] };
  }
  return {
    state: "waiting",
    attempt,
    reasons: [
      ...withBusy([waitingText(view, task, item)], view, place.at === "queue" ? task : undefined),
      ...avoidingText(view, task, item),
      ...history,
    ],
  };
}

/** Adds what keeps the workers busy. */
function withBusy(reasons: readonly string[], { now }: RunView, task: TaskLedger | undefined): string[] {
  const busy = task === undefined ? "" : busyText(task, now);
  return busy === "" ? [...reasons] : [...reasons, busy];
}

/** The items that an item waits for at its worker; none if it is being executed, or that is not known. */
function behind({ now }: RunView, task: TaskLedger, worker: WorkerRecord, item: Item) {
  const running = runningAt(task, worker, now);
  const place = running?.waiting.indexOf(item) ?? -1;
  if (running === undefined || place < 0) return { ids: [], reasons: [] };
  const ids = namesOf(task, running.items);
  const between = place === 0 ? "" : ` ${countText(place, "more item", ["is", "are"])} before it.`;
  const text = `It waits behind ${listText(ids)}, which worker ${worker.id} has executed for ${ageText(running.ageMs)}.${between}`;
  return { ids, reasons: [text] };
}

const PHASES: Readonly<Record<Exclude<WorkerRecord["phase"]["kind"], "blocked" | "silent">, string>> = {
  new: "it is being initialised",
  ready: "it is at work",
  detached: "its connection has ended, and it may come back within half a second",
  leaving: "it finishes what it has begun, and leaves",
};

/** How a worker stands, as the end of a sentence. */
export function workerText(worker: WorkerRecord, now: number): string {
  const { held, concurrency, phase, lastHeard } = worker;
  if (phase.kind === "blocked" || phase.kind === "silent") {
    const since = `${itemsText(phase.running)} for ${ageText(now - phase.since)}`;
    const late = phase.kind === "blocked" && phase.expired ? ", longer than the task's timeout" : "";
    return phase.kind === "blocked"
      ? `its main thread is blocked in ${since}${late}`
      : `it is connected and does not answer, and had ${since}`;
  }
  const items = countText(held, "item", ["", ""]).trim();
  const pause = worker.reliability.pausedUntil - now;
  const isPaused = phase.kind === "ready" && pause > 0;
  const doing = isPaused ? `it only fails, and gets nothing for ${ageText(pause)}` : PHASES[phase.kind];
  return `${doing}, has ${items}, executes ${concurrency} at a time, was heard ${ageText(now - lastHeard)} ago`;
}

/** Which workers an item avoids, and which one it waits for. */
function avoidingText({ now }: RunView, task: TaskLedger, { failedOn }: Item): string[] {
  if (failedOn.length === 0) return [];
  const names = failedOn.slice(-3).join(", ");
  const others = [...task.workers].filter(
    (worker) => worker.willTakeItems(now) && !failedOn.includes(worker.id),
  );
  const [first] = others;
  const which = failedOn.length === 1 ? `worker ${names}` : `workers ${names}`;
  if (first === undefined) return [];
  return [
    `It avoids ${which}, on which it failed, and waits for ${others.length === 1 ? "the other one" : `one of ${others.length} others; the first`}, ${first.id}: ${workerText(first, now)}.`,
  ];
}

function waitingText(view: RunView, task: TaskLedger, { place, isRestored }: Item): string {
  if (place.at === "suspects")
    return "It was with a worker that was lost, and goes out alone, to a worker that has nothing else.";
  if (place.at !== "backoff")
    return `It waits for a worker with room; ${countText(task.workers.size, "worker", ["is", "are"])} there.`;
  if (isRestored)
    return "It was out when the distributor ended, and waits for a second in case its worker comes back with it.";
  return `It waits ${ageText(place.until - view.now)} before its next attempt.`;
}

function historyOf({ seq, failures, losses }: Item): string[] {
  const lines: string[] = [];
  const generation = generationOf(seq);
  if (generation > 0)
    lines.push(
      `It is executed again: before, it failed for good${generation === 1 ? "" : ` ${generation} times`}.`,
    );
  if (failures > 0) lines.push(`It has failed ${failures === 1 ? "once" : `${failures} times`}.`);
  if (losses > 0)
    lines.push(`${countText(losses, "worker", ["was", "were"])} lost that had this item alone.`);
  return lines;
}
