import type { Assigned, Produced, Trust } from "../../protocol/batch-message.ts";
import { AssignedItems, holderKey } from "./assigned-items.ts";
import { ExistingItems } from "./existing-items.ts";
import type { DeliveryBatch } from "./inbox.ts";
import type { WaitingResults } from "./waiting-results.ts";

/** Why results are refused. */
export type Refusal =
  | "items that do not exist"
  | "items that were not given to it"
  | "too many items that are not known to exist";

/** Says which results of one task may come in, by what the distributor has said. */
export interface Admission {
  /** Why others are refused. */
  readonly refusal: Refusal;
  /** Whether nothing more will come to be known, so that no result need wait. */
  readonly isFinal: boolean;
  /** Results that wait together: what lets one of them in may let in the others. */
  groupOf(batch: DeliveryBatch): string;
  /** @returns Whether a result of the batch may come in. */
  testOf(batch: DeliveryBatch): (seq: number) => boolean;
  /** The distributor has said something. @returns The results that waited for it. */
  told(message: Produced | Assigned, waiting: WaitingResults): readonly DeliveryBatch[];
  /** The item's result, or its failure, is collected. */
  collected(seq: number): void;
}

/** @param isCollected - Whether an item of the task is collected already. */
export function admissionBy(trust: Trust, isCollected: (seq: number) => boolean): Admission {
  return trust === "assigned" ? new AdmissionOfHolders(isCollected) : new AdmissionOfAll();
}

/** Results of items that exist may come in, from any worker. */
class AdmissionOfAll implements Admission {
  readonly refusal = "items that do not exist";
  readonly #items = new ExistingItems();

  get isFinal(): boolean {
    return this.#items.hasAll;
  }

  groupOf({ task }: DeliveryBatch): string {
    return task;
  }

  testOf(): (seq: number) => boolean {
    return (seq) => this.#items.has(seq);
  }

  told(message: Produced | Assigned, waiting: WaitingResults): readonly DeliveryBatch[] {
    if (message.type !== "produced") return [];
    const { taskType: group, again } = message;
    const { count } = this.#items;
    this.#items.add(message);
    const taken = waiting.takeRange(group, count, this.#items.count);
    return again.length === 0 ? taken : [...taken, ...waiting.takeWhere(group, this.testOf())];
  }

  collected(): void {}
}

/** Results may come in from a worker that their items were given to. A repeated one may always come in: it is confirmed, not handled. */
class AdmissionOfHolders implements Admission {
  readonly refusal = "items that were not given to it";
  readonly isFinal = false;
  readonly #items = new AssignedItems();
  readonly #isCollected: (seq: number) => boolean;

  constructor(isCollected: (seq: number) => boolean) {
    this.#isCollected = isCollected;
  }

  groupOf(batch: DeliveryBatch): string {
    return `${batch.task}\0${holderKey(batch)}`;
  }

  testOf(batch: DeliveryBatch): (seq: number) => boolean {
    const key = holderKey(batch);
    return (seq) => this.#items.has(seq, key) || this.#isCollected(seq);
  }

  told(message: Produced | Assigned, waiting: WaitingResults): readonly DeliveryBatch[] {
    if (message.type !== "assigned") return [];
    this.#items.add(message, this.#isCollected);
    return waiting.takeSeqs(`${message.taskType}\0${holderKey(message)}`, message.seqs);
  }

  collected(seq: number): void {
    this.#items.collected(seq);
  }
}
