import { PipelineError } from "../../errors.ts";
import { countText, itemsText } from "../explanation.ts";
import { missingPeer } from "../missing-peer.ts";
import type { CollectorLink } from "./collector-link.ts";
import type { OwnedWorkers } from "./owned-workers.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { TaskSet } from "./task-set.ts";

/** Most workers that an error message names. */
const MAX_NAMED = 5;

/** Records since when a task has had too few workers, and since when none of them answers. */
export function lookForWorkers(task: TaskLedger, minWorkers: number, now: number): void {
  const enough = task.begun ? 1 : minWorkers;
  // The workers of a task that waits for other tasks may come later.
  if (task.phase === "blocked" || task.workers.size >= enough) task.tooFewWorkersSince = now;
  const isWaiting = task.phase !== "blocked" && task.workers.size > 0;
  if (!isWaiting || [...task.workers].some(({ isAnswering }) => isAnswering)) task.noAnswerSince = now;
}

/** The error of a run that has waited for its collector, or for workers, for longer than `peerTimeoutMs`. */
export function lackOfPeers(
  collector: CollectorLink,
  tasks: Iterable<TaskLedger>,
  now: number,
  {
    peerTimeoutMs,
    owned,
    collectorAddresses = [],
  }: {
    readonly peerTimeoutMs: number;
    readonly owned?: OwnedWorkers | undefined;
    readonly collectorAddresses?: readonly string[];
  },
): PipelineError | undefined {
  if (!collector.isReady) {
    if (now - collector.missingSince < peerTimeoutMs) return undefined;
    return missingPeer("No collector answered", collectorAddresses, peerTimeoutMs, { role: "distributor" });
  }
  // A module may take minutes to load: while a worker's process lives, the worker is not missing.
  if (owned?.isComing()) for (const task of tasks) task.tooFewWorkersSince = now;
  return lackOfWorkers(tasks, now, peerTimeoutMs);
}

/** The error of a run in which a task has had too few workers, or none that answers, for longer than `peerTimeoutMs`. */
function lackOfWorkers(
  tasks: Iterable<TaskLedger>,
  now: number,
  peerTimeoutMs: number,
): PipelineError | undefined {
  for (const task of tasks) {
    if (task.phase === "complete") continue;
    const facts = { role: "distributor", taskType: task.name };
    const ofTask = `of task ${JSON.stringify(task.name)}`;
    if (now - task.tooFewWorkersSince >= peerTimeoutMs) {
      const hasNone = task.begun || task.workers.size === 0;
      const subject = hasNone ? "No worker" : "Too few workers";
      return missingPeer(`${subject} ${ofTask} appeared`, [task.spec.address], peerTimeoutMs, facts);
    }
    if (now - task.noAnswerSince >= peerTimeoutMs) {
      const count = countText(task.workers.size, "worker", [`${ofTask} is`, `${ofTask} are`]);
      const problem = `${count} connected, but none has answered for ${peerTimeoutMs} ms: ${stuckText(task)}`;
      return new PipelineError("PEER_TIMEOUT", problem, facts);
    }
  }
  return undefined;
}

/** Names the first few workers of a task that answer no more, and the items that they were executing. */
function stuckText(task: TaskLedger): string {
  const texts: string[] = [];
  for (const { id, phase } of task.workers) {
    if (texts.length === MAX_NAMED) break;
    if (phase.kind === "blocked" || phase.kind === "silent")
      texts.push(`${id} in ${itemsText(phase.running)}`);
  }
  const more = task.workers.size > texts.length ? " …" : "";
  return `${texts.join(", ")}${more}`;
}

/** The error of a run in which more than `maxFailures` items have failed for good. */
export function tooManyFailures(tasks: Iterable<TaskLedger>, maxFailures: number): PipelineError | undefined {
  let failed = 0;
  for (const task of tasks) failed += task.counts.failed;
  if (failed <= maxFailures) return undefined;
  const message = `${countText(failed, "item", ["", ""]).trim()} failed for good, which is more than maxFailures ${maxFailures} allows`;
  return new PipelineError("TOO_MANY_FAILURES", message, { role: "distributor" });
}

/** Whether a run that was stopped need not wait any longer: its deadline is over, or nothing of it can be settled any more. */
export function hasDrained(
  { until }: { readonly until: number },
  tasks: TaskSet,
  now: number,
  { owned }: { readonly owned?: OwnedWorkers | undefined },
): boolean {
  return now >= until || !(tasks.areUnderWay || owned?.isComing() === true);
}
