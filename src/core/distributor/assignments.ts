import type { ItemRef, Trust } from "../../protocol/batch-message.ts";
import type { DistributorToCollector } from "../../protocol/message.ts";
import { cutList } from "../cut-list.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { WorkerRecord } from "./worker-record.ts";

export interface AssignmentsPort {
  toCollector(message: DistributorToCollector): void;
}

/** Tells the collector which items each worker was given, with trust `"assigned"`. */
export class Assignments {
  readonly #options: { readonly runId: string; readonly trust: Trust };
  readonly #port: AssignmentsPort;

  constructor(options: { readonly runId: string; readonly trust: Trust }, port: AssignmentsPort) {
    this.#options = options;
    this.#port = port;
  }

  /** A worker is about to be granted items. */
  granting(worker: WorkerRecord, items: readonly ItemRef[]): void {
    if (this.#options.trust !== "assigned" || items.length === 0) return;
    this.#tell(
      worker,
      items.map(({ seq }) => seq),
    );
  }

  /** A collector may know nothing: tells it of every item that is out, or was when its worker was lost. */
  tellAll(tasks: Iterable<TaskLedger>): void {
    if (this.#options.trust !== "assigned") return;
    for (const task of tasks) {
      const byHolder = new Map<WorkerRecord, number[]>();
      task.items.forEach(({ seq, holder }) => {
        if (holder === undefined) return;
        const seqs = byHolder.get(holder);
        if (seqs === undefined) byHolder.set(holder, [seq]);
        else seqs.push(seq);
      });
      for (const [worker, seqs] of byHolder) for (const part of cutList(seqs)) this.#tell(worker, part);
    }
  }

  #tell({ id: workerId, ticket, task }: WorkerRecord, seqs: readonly number[]): void {
    const { runId } = this.#options;
    this.#port.toCollector({ type: "assigned", runId, taskType: task.name, workerId, ticket, seqs });
  }
}
