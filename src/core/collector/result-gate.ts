import type { Assigned, Produced, Trust } from "../../protocol/batch-message.ts";
import { type Admission, admissionBy, type Refusal } from "./admission.ts";
import { type DeliveryBatch, type Inbox, partOf } from "./inbox.ts";
import { WaitingResults } from "./waiting-results.ts";

/**
 * How long results wait for the distributor to say that they may come in, in ms. It says so when it grants the items, but over another
 * connection, which may have to be made anew.
 */
const WAIT_MS = 5000;

export interface ResultGatePort {
  /** Results of a worker were refused. @param why - What they are results of. */
  refused(why: Refusal, workerId: string, task: string, count: number): void;
}

/**
 * Lets only results of items that exist into the collector, or, with trust `"assigned"`, only those of workers that the items were given to. A
 * result may overtake the distributor's message about its item, and waits for it then. What is refused by mistake is not lost, because a
 * worker sends what is not confirmed again.
 */
export class ResultGate {
  readonly #inbox: Inbox;
  readonly #port: ResultGatePort;
  readonly #tasks: ReadonlyMap<string, Admission>;
  readonly #waiting = new WaitingResults();
  /** When the distributor was last missing. */
  #missingAt = 0;
  /** Number of results that were refused. */
  refused = 0;

  /**
   * @param tasks - The names of the run's tasks.
   * @param trust - Whose results are let in.
   * @param inbox - Gets them.
   */
  constructor(tasks: Iterable<string>, trust: Trust, inbox: Inbox, port: ResultGatePort) {
    this.#inbox = inbox;
    this.#port = port;
    this.#tasks = new Map(
      [...tasks].map((name) => [name, admissionBy(trust, (seq) => inbox.hasReceived(name, seq))]),
    );
  }

  /** Number of results that came again while they waited. */
  get repeated(): number {
    return this.#waiting.repeated;
  }

  hasTask(name: string): boolean {
    return this.#tasks.has(name);
  }

  get tasks(): Iterable<string> {
    return this.#tasks.keys();
  }

  /** Results of one of the run's tasks have arrived from a worker. @returns Whether any of them were let in. */
  arrived(batch: DeliveryBatch, now: number): boolean {
    const task = this.#tasks.get(batch.task);
    if (task === undefined) return false;
    const isAdmitted = task.testOf(batch);
    const others = batch.items.filter(({ seq }) => !isAdmitted(seq));
    if (others.length === 0) return this.#letIn(task, [batch]);
    const items = batch.items.filter(({ seq }) => isAdmitted(seq));
    const rest = partOf(batch, others);
    if (task.isFinal) this.#refuse(task, [rest]);
    else this.#wait(task, rest, now);
    return items.length > 0 && this.#letIn(task, [partOf(batch, items)]);
  }

  /** An item failed for good, as the distributor reports. */
  failed(batch: DeliveryBatch): void {
    const task = this.#tasks.get(batch.task);
    if (task !== undefined) this.#letIn(task, [batch]);
  }

  /** The distributor says which items of a task exist, or were given to a worker. @returns Whether any results were let in. */
  told(message: Produced | Assigned): boolean {
    const task = this.#tasks.get(message.taskType);
    if (task === undefined) return false;
    const isAnyIn = this.#letIn(task, task.told(message, this.#waiting));
    if (task.isFinal)
      this.#refuse(
        task,
        this.#waiting.takeWhere(message.taskType, () => true),
      );
    return isAnyIn;
  }

  /** Refuses what has waited for too long. @param isTold - Whether the distributor is there, and tells the collector of items. */
  tick(now: number, isTold: boolean): void {
    if (!isTold) this.#missingAt = now;
    if (now - this.#missingAt >= WAIT_MS) this.#giveUp(now - WAIT_MS);
  }

  /** Nothing more will be let in: refuses what waits. */
  close(): void {
    this.#giveUp(Number.POSITIVE_INFINITY);
  }

  #letIn(task: Admission, batches: readonly DeliveryBatch[]): boolean {
    for (const batch of batches) {
      for (const { seq } of batch.items) task.collected(seq);
      this.#inbox.add(batch);
    }
    return batches.length > 0;
  }

  #wait(task: Admission, batch: DeliveryBatch, now: number): void {
    const tooMany = this.#waiting.add(task.groupOf(batch), batch, now);
    if (tooMany > 0) this.#count("too many items that are not known to exist", batch, tooMany);
  }

  #giveUp(before: number): void {
    for (const batch of this.#waiting.takeBefore(before)) {
      const task = this.#tasks.get(batch.task);
      if (task === undefined) continue;
      this.#refuse(task, [batch]);
      const isAdmitted = task.testOf(batch);
      // Items that were collected meanwhile, from another worker: this worker hears that they are settled, and need not keep its results.
      const repeated = batch.items.filter(({ seq }) => isAdmitted(seq));
      if (repeated.length > 0) this.#letIn(task, [partOf(batch, repeated)]);
    }
  }

  #refuse(task: Admission, batches: readonly DeliveryBatch[]): void {
    for (const batch of batches) this.#count(task.refusal, batch, batch.items.length);
  }

  #count(why: Refusal, { workerId, task }: DeliveryBatch, count: number): void {
    this.refused += count;
    this.#port.refused(why, workerId, task, count);
  }
}
