import type { TaskLedger } from "../core/distributor/task-ledger.ts";
import { currentTracer, type Span } from "../tracing/tracer.ts";

/** The trace of one run, if there is a tracer. */
export class RunSpan {
  #span: Span | undefined;

  constructor(runId: string, taskTypes: readonly string[]) {
    const taskType = taskTypes.join(" ");
    this.#span = currentTracer()?.begin({ kind: "run", taskType, id: runId, attempt: 0, parent: "" });
  }

  /** The trace context that items are executed in; empty: none. */
  get context(): string {
    return this.#span?.context ?? "";
  }

  /** Ends the span with what became of the tasks. The first call counts. */
  end(tasks: Iterable<TaskLedger>, error?: unknown): void {
    const counts: Record<string, number> = {};
    for (const { name, counts: of } of tasks) {
      counts[`${name}.acked`] = of.acked;
      counts[`${name}.failed`] = of.failed;
    }
    this.#span?.end(error, counts);
    this.#span = undefined;
  }
}
