import type { Execution, ExecutionOutcome } from "../../src/core/execution.ts";
import type { Executor } from "../../src/executor/executor.ts";
import type { Payload } from "../../src/protocol/payload/payload.ts";
import { decodeValue, encodePayload } from "./compiled-executors.ts";

export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly retryable: boolean;
}

/** Drives an executor as a worker's session does: with ticks, and with items as soon as a slot is free. */
export class ExecutorDriver {
  readonly executor: Executor;
  readonly #waiting = new Map<Execution, (outcome: ExecutionOutcome) => void>();
  readonly #queue: Execution[] = [];
  readonly notes: string[] = [];
  /** The executor's error. */
  readonly failed: Promise<Error>;
  #seq = 0;
  readonly #timer: NodeJS.Timeout;

  readonly #isText: boolean;

  /** @param isText - Whether results are texts that hold JSON. */
  constructor(executor: Executor, { isText = false }: { readonly isText?: boolean } = {}) {
    this.executor = executor;
    this.#isText = isText;
    this.failed = new Promise((resolve) => {
      executor.open({
        finished: (execution, outcome) => {
          this.#waiting.get(execution)?.(outcome);
          this.#pump();
        },
        upcoming: (index) => this.#queue[index],
        room: () => this.#pump(),
        waits: () => this.notes.push("waits"),
        failed: resolve,
        note: (event) => this.notes.push(event),
        hint: (text) => this.notes.push(text),
      });
    });
    const started = performance.now();
    this.#timer = setInterval(() => executor.tick(performance.now() - started), 20);
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.executor.close(0);
  }

  /** Executes an item; resolves with its result or failure. */
  async execute(data: Payload): Promise<Payload | Failure> {
    return await this.start(data).outcome;
  }

  /** @param given - What differs from other executions. */
  start(
    data: Payload,
    given: Partial<Execution> = {},
  ): { readonly execution: Execution; readonly outcome: Promise<Payload | Failure> } {
    this.#seq += 1;
    const payload = encodePayload(data, "item");
    const execution = {
      sourceId: "run",
      seq: this.#seq,
      attempt: 1,
      solo: false,
      context: "",
      payload,
      ...given,
    };
    const outcome = new Promise<ExecutionOutcome>((resolve) => {
      this.#waiting.set(execution, resolve);
    });
    this.#queue.push(execution);
    this.#pump();
    return { execution, outcome: outcome.then((its) => this.#describe(its)) };
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.executor.hasRoom()) {
      const execution = this.#queue.shift();
      if (execution === undefined) return;
      const outcome = this.executor.execute(execution);
      if (outcome !== undefined) this.#waiting.get(execution)?.(outcome);
    }
  }

  #describe(outcome: ExecutionOutcome): Payload | Failure {
    if (outcome.ok) {
      const result = outcome.payload.length === 0 ? {} : decodeValue(outcome.payload);
      return (this.#isText ? JSON.parse(String(result)) : result) as Payload;
    }
    const { name, message, code } = outcome.error;
    return { name, message, code, retryable: outcome.retryable };
  }
}
