import { type ErrorCode, PipelineError } from "../../errors.ts";
import type { ErrorInfo, Fail } from "../../protocol/batch-message.ts";
import { toErrorInfo } from "../../protocol/error-info.ts";
import type { DistributorToCollector } from "../../protocol/message.ts";
import type { RoleClock } from "../role-clock.ts";
import type { Handled } from "./handled.ts";
import { type Item, QUEUE, SUSPECTS, TAKEN } from "./item.ts";
import type { OwnedWorkers } from "./owned-workers.ts";
import { executionsOf } from "./reliability.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { TaskSet } from "./task-set.ts";
import type { WorkerRecord } from "./worker-record.ts";

/**
 * How long an item that seems to have killed `crashLimit` workers is kept before it fails, in ms: when one of them comes back, it was
 * only cut off, and the item goes on.
 */
const COME_BACK_MS = 5000;

/** Finds workers by their ids. */
export interface WorkerLookup {
  byId(id: string): WorkerRecord | undefined;
}

export interface SettlementOptions {
  readonly runId: string;
  /** Losses that one item may cause before it is given up. */
  readonly crashLimit: number;
  readonly owned?: OwnedWorkers | undefined;
}

export interface SettlementPort {
  toCollector(message: DistributorToCollector): void;
  /** The item is to blame for the loss, or the standstill, of a worker. */
  blamed(workerId: string, seq: number): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

/** Ends items: as ACKed by the collector, or as failed for good, which is reported to the collector until it is ACKed. */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #clock: RoleClock;
  readonly #port: SettlementPort;

  constructor(options: SettlementOptions, clock: RoleClock, port: SettlementPort) {
    this.#options = options;
    this.#clock = clock;
    this.#port = port;
  }

  /** An execution failed: the item is executed again, or fails for good. */
  failed(task: TaskLedger, item: Item, worker: WorkerRecord, fail: Fail): void {
    const now = this.#clock.now;
    worker.progressAt = now;
    task.progressAt = now;
    const isKnown = item.failedOn.some((id) => id !== worker.id);
    worker.reliability.failed(worker, isKnown, now);
    const again = fail.retryable && task.retry(item, worker.id, now);
    this.#port.note("item failed", { taskType: task.name, seq: item.seq, attempt: fail.attempt, again });
    if (again) return;
    if (!fail.retryable) item.failures += 1;
    this.#giveUp(task, item, fail.error);
  }

  /** An execution is over the task's timeout and its worker is stuck in it: counts as a failure, like one that a thread gave up. */
  expired(task: TaskLedger, item: Item, worker: WorkerRecord): void {
    const message = `The handler ran longer than ${task.spec.timeoutMs} ms and did not return`;
    const error = infoOf("EXECUTION_TIMEOUT", message);
    const { seq, attempt } = item;
    this.#port.blamed(worker.id, seq);
    this.failed(task, item, worker, {
      type: "fail",
      runId: this.#options.runId,
      seq,
      attempt,
      retryable: true,
      error,
    });
  }

  /** A worker was lost while it had this item alone: the item goes out again, alone, or is kept for {@link COME_BACK_MS}. */
  lost(task: TaskLedger, item: Item, workerId: string): void {
    this.#port.blamed(workerId, item.seq);
    item.losses += 1;
    item.lostWith = [...item.lostWith, workerId];
    task.blamed.add(item);
    if (item.losses < this.#options.crashLimit) task.suspect(item);
    else task.move(item, { at: "backoff", until: this.#clock.now + this.#comeBackMs(item) });
  }

  /** Moves items whose wait is over: to the queue, to the suspects, or to the collector as failed. */
  wake(task: TaskLedger): void {
    for (const item of task.takeDue(this.#clock.now)) {
      if (item.losses < this.#options.crashLimit) {
        task.move(item, item.losses > 0 ? SUSPECTS : QUEUE);
        continue;
      }
      const message = `The item's worker died or stopped answering ${item.losses === 1 ? "once" : `${item.losses} times`} while it had this item alone`;
      const end = this.#options.owned?.endOf(item.lostWith.at(-1) ?? "");
      const text = end === undefined ? message : `${message}, the last time with ${end}`;
      this.#giveUp(task, item, infoOf("WORKER_LOST", text));
    }
  }

  /** No wait where all workers that the item cost are known to have ended: they do not come back. */
  #comeBackMs({ lostWith }: Item): number {
    const isKnown = (worker: string) => this.#options.owned?.endOf(worker) !== undefined;
    return lostWith.every(isKnown) ? 0 : COME_BACK_MS;
  }

  /** Settles results, or notes that a collector in this process has taken them. */
  report(event: "taken" | "acked", results: readonly Handled[], tasks: TaskSet, workers: WorkerLookup): void {
    for (const handled of results) {
      const task = tasks.byName.get(handled.taskType);
      if (task === undefined) continue;
      if (event === "acked") this.#acked(task, handled, workers);
      else this.#taken(task, handled, workers);
      tasks.touch(task);
    }
  }

  /** The collector has handled results of a worker, or reports of failed items. */
  #acked(task: TaskLedger, handled: Handled, workers: WorkerLookup): void {
    const { workerId, seqs } = handled;
    const worker = workerOf(task, workers, workerId);
    const as = workerId === "" ? "failed" : "acked";
    const settled: number[] = [];
    let taken = 0;
    for (const seq of seqs) {
      const item = task.items.get(seq);
      if (item === undefined) continue;
      settled.push(seq);
      if (item.place.at === "taken") taken += 1;
      this.#arrived(task, item, worker, workers, () => task.settle(item, as));
    }
    if (settled.length > 0) task.spec.journal?.settled(settled, as);
    // What was taken was counted then.
    if (worker === undefined || (taken > 0 && taken === settled.length)) return;
    this.#counts(task, worker, handled, seqs.length - taken, settled.length - taken);
  }

  /**
   * A collector in this process has results of a worker, and will ACK them later. The worker has room again, and forgets them. If this process
   * ends before they are ACKed, their items are executed again.
   */
  #taken(task: TaskLedger, handled: Handled, workers: WorkerLookup): void {
    const worker = workerOf(task, workers, handled.workerId);
    let count = 0;
    for (const seq of handled.seqs) {
      const item = task.items.get(seq);
      if (item === undefined || item.place.at === "taken") continue;
      this.#arrived(task, item, worker, workers, () => task.move(item, TAKEN));
      count += 1;
    }
    if (worker !== undefined) this.#counts(task, worker, handled, count, count);
  }

  /** The collector that had taken results may have gone: their items are executed again. */
  takenMayBeLost(tasks: Iterable<TaskLedger>): void {
    for (const task of tasks)
      task.items.forEach((item) => {
        if (item.place.at === "taken") task.move(item, QUEUE);
      });
  }

  /** The result of an item has arrived from a worker: moves the item. */
  #arrived(
    task: TaskLedger,
    item: Item,
    worker: WorkerRecord | undefined,
    workers: WorkerLookup,
    move: () => void,
  ): void {
    const { place, seq, failedOn } = item;
    if (failedOn.length > 0 && worker !== undefined && place.at !== "taken")
      this.#succeededElsewhere(item, worker, workers);
    move();
    if (place.at !== "worker" || place.worker === worker) return;
    // Another worker holds the item, too: it is told with its next grant that the item is settled, and does not begin it.
    place.worker.settled.push(seq);
    task.refresh(place.worker);
  }

  /** Counts results for their worker. @param news - How many of them were not known before. */
  #counts(
    task: TaskLedger,
    worker: WorkerRecord,
    { seqs, busyMs, bytes }: Handled,
    count: number,
    news: number,
  ): void {
    worker.acked += count;
    worker.progressAt = this.#clock.now;
    task.progressAt = this.#clock.now;
    if (news > 0 && worker.reliability.succeeded(news)) this.#note("does well again", worker);
    for (const seq of seqs) worker.settled.push(seq);
    // Results that were sent again come without a measurement.
    if (busyMs > 0) worker.window.observe(busyMs, bytes, seqs.length);
    task.refresh(worker);
  }

  /** Repeats the reports that were sent before the given time and are not ACKed. */
  repeat(tasks: Iterable<TaskLedger>, before: number): void {
    for (const task of tasks) {
      if (task.counts.items === task.counts.acked + task.counts.failed) continue;
      task.items.forEach((item) => {
        const { place } = item;
        if (place.at !== "collector" || place.sentAt >= before) return;
        task.move(item, { ...place, sentAt: this.#clock.now });
        this.#report(task, item, place.error);
      });
    }
  }

  /** An item succeeded that had failed on other workers: that counts against them. */
  #succeededElsewhere(item: Item, by: WorkerRecord, workers: WorkerLookup): void {
    for (const id of item.failedOn) {
      const other = workers.byId(id);
      if (other === undefined || other === by || !other.reliability.succeededElsewhere(other)) continue;
      other.task.markUnreliable(other);
      this.#note("is unreliable", other);
    }
  }

  #note(event: string, worker: WorkerRecord): void {
    const { failures, ratio } = worker.reliability;
    const often = `fails ${Math.round(ratio)} times as often as the others`;
    const facts = {
      worker: worker.id,
      taskType: worker.task.name,
      failures,
      executions: executionsOf(worker),
    };
    this.#port.note(`worker ${event}`, worker.reliability.isUnreliable ? { ...facts, often } : facts);
  }

  #giveUp(task: TaskLedger, item: Item, error: ErrorInfo): void {
    this.#report(task, item, task.giveUp(item, error, this.#clock.now));
  }

  #report(task: TaskLedger, item: Item, error: ErrorInfo): void {
    this.#port.toCollector({
      type: "failed",
      runId: this.#options.runId,
      taskType: task.name,
      seq: item.seq,
      attempts: item.failures + item.losses,
      error,
      payload: item.payload,
    });
  }
}

/** The task's worker of an id. A result may name any worker: what is settled of one task is nothing to another task's worker. */
function workerOf(task: TaskLedger, workers: WorkerLookup, id: string): WorkerRecord | undefined {
  const worker = workers.byId(id);
  return worker?.task === task ? worker : undefined;
}

/** An error that the distributor itself makes: its stack would tell a user nothing. */
function infoOf(code: ErrorCode, message: string): ErrorInfo {
  return { ...toErrorInfo(new PipelineError(code, message, { role: "distributor" })), stack: "" };
}
