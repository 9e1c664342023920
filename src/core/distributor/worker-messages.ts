import type { End, ItemPayload, ItemRef } from "../../protocol/batch-message.ts";
import type { DistributorToWorker } from "../../protocol/message.ts";
import { cutList } from "../cut-list.ts";
import type { Assignments } from "./assignments.ts";
import type { DistributorCoreOptions, DistributorPhase, DistributorPort } from "./distributor-port.ts";
import type { GrantPort } from "./grant-port.ts";
import type { WorkerRecord } from "./worker-record.ts";

export type EndingPhase = Extract<DistributorPhase, { kind: "ending" }>;

/** Sends the distributor's messages to workers. */
export class WorkerMessages implements GrantPort {
  readonly #options: DistributorCoreOptions;
  readonly #assignments: Assignments;
  readonly #port: Pick<DistributorPort, "toWorker">;

  constructor(
    options: DistributorCoreOptions,
    assignments: Assignments,
    port: Pick<DistributorPort, "toWorker">,
  ) {
    this.#options = options;
    this.#assignments = assignments;
    this.#port = port;
  }

  refuse(connection: string, reason: string): void {
    this.#port.toWorker(connection, { type: "refuse", runId: this.#options.runId, reason });
  }

  welcome(worker: WorkerRecord, metadata: Uint8Array): void {
    const { runId, peerId, context } = this.#options;
    const { timeoutMs } = worker.task.spec;
    const own = { timeoutMs, ticket: worker.ticket };
    this.#send(worker, { type: "welcome", runId, role: "distributor", peerId, ...own, context, metadata });
  }

  /** Grants items, and confirms what the collector has handled of the worker's results. */
  grant(worker: WorkerRecord, items: readonly ItemPayload[], solo: boolean): void {
    this.#assignments.granting(worker, items);
    const settled = [...cutList(worker.settled)];
    const failuresSeen = [...cutList(worker.failuresSeen)];
    worker.settled = [];
    worker.failuresSeen = [];
    const { runId } = this.#options;
    for (;;) {
      const isLast = settled.length <= 1 && failuresSeen.length <= 1;
      this.#send(worker, {
        type: "grant",
        runId,
        solo,
        settled: settled.shift() ?? [],
        failuresSeen: failuresSeen.shift() ?? [],
        items: isLast ? items : [],
      });
      if (isLast) return;
    }
  }

  /** Confirms what no grant has confirmed yet. */
  confirm(worker: WorkerRecord): void {
    if (worker.settled.length + worker.failuresSeen.length > 0 && worker.phase.kind !== "detached") {
      this.grant(worker, [], false);
    }
  }

  revoke(worker: WorkerRecord, refs: readonly ItemRef[]): void {
    const items = refs.map(({ seq, attempt }) => ({ seq, attempt }));
    this.#send(worker, { type: "revoke", runId: this.#options.runId, items });
  }

  recall(worker: WorkerRecord, count: number): void {
    this.#send(worker, { type: "recall", runId: this.#options.runId, count });
  }

  resend(worker: WorkerRecord): void {
    this.#send(worker, { type: "resend", runId: this.#options.runId });
  }

  ping(worker: WorkerRecord): void {
    if (worker.phase.kind !== "detached") this.#send(worker, { type: "ping", runId: this.#options.runId });
  }

  end(worker: WorkerRecord, phase: EndingPhase): void {
    this.#send(worker, endMessage(this.#options.runId, phase));
  }

  #send(worker: WorkerRecord, message: DistributorToWorker): void {
    this.#port.toWorker(worker.connection, message);
  }
}

/** How the run ended, for workers and collector. */
export function endMessage(runId: string, { status, error }: EndingPhase): End {
  return { type: "end", runId, status, reason: error?.message.slice(0, 1000) ?? "" };
}
