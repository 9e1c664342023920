import type { Produced } from "../../protocol/batch-message.ts";
import { ExistingItems } from "./existing-items.ts";
import { type DeliveryBatch, partOf } from "./inbox.ts";
import { WaitingResults } from "./waiting-results.ts";

/**
 * How long results wait for the distributor to say that their items exist, in ms. It says so when it grants the items, but over another
 * connection, which may have to be made anew.
 */
const WAIT_MS = 5000;

/** Why results are refused. */
export type Refusal = "items that do not exist" | "too many items that are not known to exist";

export interface ResultGatePort {
  /** Results of a worker were refused. @param why - What they are results of. */
  refused(why: Refusal, workerId: string, task: string, count: number): void;
}

/**
 * Lets only results of items that exist into the collector. A result may overtake the distributor's message that its item exists, and
 * waits for it then. What is refused by mistake is not lost, because a worker sends what is not confirmed again.
 */
export class ResultGate {
  readonly #add: (batch: DeliveryBatch) => void;
  readonly #port: ResultGatePort;
  readonly #tasks: ReadonlyMap<string, ExistingItems>;
  readonly #waiting = new WaitingResults();
  /** When the distributor was last missing. */
  #missingAt = 0;
  /** Number of results that were refused. */
  refused = 0;

  /**
   * @param tasks - The names of the run's tasks.
   * @param add - Gets results of items that exist.
   */
  constructor(tasks: readonly string[], add: (batch: DeliveryBatch) => void, port: ResultGatePort) {
    this.#add = add;
    this.#port = port;
    this.#tasks = new Map(tasks.map((name) => [name, new ExistingItems()]));
  }

  /** Number of results that came again while they waited. */
  get repeated(): number {
    return this.#waiting.repeated;
  }

  hasTask(name: string): boolean {
    return this.#tasks.has(name);
  }

  /** Results of one of the run's tasks have arrived from a worker. */
  arrived(batch: DeliveryBatch, now: number): void {
    const task = this.#tasks.get(batch.task);
    if (task === undefined) return;
    const others = batch.items.filter(({ seq }) => !task.has(seq));
    if (others.length === 0) return this.#add(batch);
    const items = batch.items.filter(({ seq }) => task.has(seq));
    if (items.length > 0) this.#add(partOf(batch, items));
    const rest = partOf(batch, others);
    if (task.hasAll) this.#refuse([rest]);
    else this.#wait(rest, now);
  }

  /** The distributor says which items of a task exist. */
  produced(message: Produced): void {
    const { taskType: name, all, again } = message;
    const task = this.#tasks.get(name);
    if (task === undefined) return;
    const { count } = task;
    task.add(message);
    for (const batch of this.#waiting.takeRange(name, count, task.count)) this.#add(batch);
    if (again.length > 0)
      for (const batch of this.#waiting.takeWhere(name, (seq) => task.has(seq))) this.#add(batch);
    if (all) this.#refuse(this.#waiting.takeWhere(name, () => true));
  }

  /** Refuses what has waited for too long. @param isTold - Whether the distributor is there, and says which items exist. */
  tick(now: number, isTold: boolean): void {
    if (!isTold) this.#missingAt = now;
    if (now - this.#missingAt >= WAIT_MS) this.#refuse(this.#waiting.takeBefore(now - WAIT_MS));
  }

  #wait(batch: DeliveryBatch, now: number): void {
    const tooMany = this.#waiting.add(batch, now);
    if (tooMany > 0) this.#count("too many items that are not known to exist", batch, tooMany);
  }

  #refuse(batches: readonly DeliveryBatch[]): void {
    for (const batch of batches) this.#count("items that do not exist", batch, batch.items.length);
  }

  #count(why: Refusal, { workerId, task }: DeliveryBatch, count: number): void {
    this.refused += count;
    this.#port.refused(why, workerId, task, count);
  }
}
