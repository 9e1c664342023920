import { type ErrorCode, PipelineError } from "../../errors.ts";
import type { Ack, ErrorInfo, Fail } from "../../protocol/batch-message.ts";
import { toErrorInfo } from "../../protocol/error-info.ts";
import type { Message } from "../../protocol/message.ts";
import type { RoleClock } from "../role-clock.ts";
import type { Fleet } from "./fleet.ts";
import { type Item, QUEUE, SUSPECTS } from "./item.ts";
import type { OwnedWorkers } from "./owned-workers.ts";
import { executionsOf } from "./reliability.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { WorkerRecord } from "./worker-record.ts";

/**
 * How long the last of the workers that an item seems to have killed has to come back, in ms: then it was only cut off, and the
 * item goes on.
 */
const VERDICT_MS = 5000;

export interface SettlementOptions {
  readonly runId: string;
  /** Losses that one item may cause before it is given up. */
  readonly crashLimit: number;
  readonly owned?: OwnedWorkers | undefined;
}

export interface SettlementPort {
  toCollector(message: Message): void;
  /** An item is to blame for what became of a worker. */
  blamed(workerId: string, seq: number): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

/** How items end: ACKed by the collector, or failed for good and reported to it until that is ACKed. */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #clock: RoleClock;
  readonly #port: SettlementPort;

  constructor(options: SettlementOptions, clock: RoleClock, port: SettlementPort) {
    this.#options = options;
    this.#clock = clock;
    this.#port = port;
  }

  /** An execution failed: again, or given up. */
  failed(task: TaskLedger, item: Item, worker: WorkerRecord, fail: Fail): void {
    const now = this.#clock.now;
    worker.progressAt = now;
    task.progressAt = now;
    worker.record.failed(worker, now);
    const again = fail.retryable && task.retry(item, worker.id, now);
    this.#port.note("item failed", { taskType: task.name, seq: item.seq, attempt: fail.attempt, again });
    if (again) return;
    if (!fail.retryable) item.failures += 1;
    this.#giveUp(task, item, fail.error);
  }

  /** An execution is over its timeout, and its worker stuck in it: failed, like one that a thread has given up. */
  expired(task: TaskLedger, item: Item, worker: WorkerRecord): void {
    const message = `The handler ran longer than ${task.spec.timeout} ms and did not return`;
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

  /** A worker was lost while it had this item alone: again, alone, or before the judge. */
  lost(task: TaskLedger, item: Item, worker: string): void {
    this.#port.blamed(worker, item.seq);
    item.losses += 1;
    item.lostWith = [...item.lostWith, worker];
    task.accused.add(item);
    if (item.losses < this.#options.crashLimit) task.suspect(item);
    else task.move(item, { at: "backoff", until: this.#clock.now + this.#verdictMs(item) });
  }

  /** What has waited long enough goes on: as usual, alone, or not at all. */
  wake(task: TaskLedger): void {
    for (const item of task.due(this.#clock.now)) {
      if (item.losses < this.#options.crashLimit) {
        task.move(item, item.losses > 0 ? SUSPECTS : QUEUE);
        continue;
      }
      const message = `The item's worker died or stopped answering ${item.losses} times while it had this item alone`;
      const end = this.#options.owned?.endOf(item.lostWith.at(-1) ?? "");
      const text = end === undefined ? message : `${message}, the last time with ${end}`;
      this.#giveUp(task, item, infoOf("WORKER_LOST", text));
    }
  }

  /** Workers that are known to be dead do not come back. */
  #verdictMs({ lostWith }: Item): number {
    const isKnown = (worker: string) => this.#options.owned?.endOf(worker) !== undefined;
    return lostWith.every(isKnown) ? 0 : VERDICT_MS;
  }

  acked(task: TaskLedger, { workerId, seqs, busy, bytes }: Ack, fleet: Fleet): void {
    const worker = fleet.byId(workerId);
    const as = workerId === "" ? "failed" : "acked";
    const settled: number[] = [];
    for (const seq of seqs) {
      const item = task.items.get(seq);
      if (item === undefined) continue;
      const { place } = item;
      settled.push(seq);
      if (item.failedOn.length > 0 && worker !== undefined) this.#vindicated(item, worker, fleet);
      task.settle(item, as);
      // Another worker is (or was) on it too: it must not start it any more, and is confirmed here.
      if (place.at === "worker" && place.worker !== worker) {
        place.worker.settled.push(seq);
        fleet.roomOf(place.worker);
      }
    }
    if (settled.length > 0) task.spec.journal?.settled(settled, as);
    if (worker === undefined) return;
    worker.acked += seqs.length;
    worker.progressAt = this.#clock.now;
    task.progressAt = this.#clock.now;
    if (settled.length > 0 && worker.record.succeeded(settled.length)) this.#note("does well again", worker);
    for (const seq of seqs) worker.settled.push(seq);
    // Results that were sent again come without a measurement.
    if (busy > 0) worker.window.observe(busy, bytes, seqs.length);
    fleet.roomOf(worker);
  }

  /** Reports again what was reported before, and is not ACKed. */
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

  /** An item succeeded that had failed on other workers. */
  #vindicated(item: Item, by: WorkerRecord, fleet: Fleet): void {
    for (const id of item.failedOn) {
      const other = fleet.byId(id);
      if (other === undefined || other === by || !other.record.wrong(other)) continue;
      other.task.distrust(other);
      this.#note("is unreliable", other);
    }
  }

  #note(event: string, worker: WorkerRecord): void {
    const { failures, ratio } = worker.record;
    const often = `fails ${Math.round(ratio)} times as often as the others`;
    const facts = {
      worker: worker.id,
      taskType: worker.task.name,
      failures,
      executions: executionsOf(worker),
    };
    this.#port.note(`worker ${event}`, worker.record.isUnreliable ? { ...facts, often } : facts);
  }

  #giveUp(task: TaskLedger, item: Item, error: ErrorInfo): void {
    task.giveUp(item, error, this.#clock.now);
    this.#report(task, item, error);
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

/** An error of the distributor's own: where it was made says nothing to a user. */
function infoOf(code: ErrorCode, message: string): ErrorInfo {
  return { ...toErrorInfo(new PipelineError(code, message, { role: "distributor" })), stack: "" };
}
