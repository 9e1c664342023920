import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import { ProtocolError } from "../protocol/byte-reader.ts";
import { toErrorInfo } from "../protocol/error-info.ts";
import { decodePayload, encodePayload, type Payload } from "../protocol/payload.ts";
import { PayloadTypeError } from "../protocol/payload-check.ts";
import type { TaskType } from "../protocol/task-type.ts";
import { ExecutionInfo } from "./execution-info.ts";
import type { Executor } from "./executor.ts";

type Handler = (data: Payload, info: ExecutionInfo) => unknown;

/** Runs the handler on the event loop of this thread. */
export class InlineExecutor implements Executor {
  readonly #handler: Handler;
  readonly #taskType: TaskType;
  /** Executions that wait for a promise. */
  readonly #pending = new Map<Execution, ExecutionInfo>();

  constructor(handler: Handler, taskType: TaskType) {
    this.#handler = handler;
    this.#taskType = taskType;
  }

  execute(execution: Execution): ExecutionOutcome | Promise<ExecutionOutcome> {
    const info = new ExecutionInfo(execution, this.#taskType);
    try {
      const result = this.#handler(decodePayload(execution.payload), info);
      if (
        typeof result === "object" &&
        result !== null &&
        "then" in result &&
        typeof result.then === "function"
      ) {
        this.#pending.set(execution, info);
        return this.#settle(execution, result as PromiseLike<unknown>);
      }
      return success(result);
    } catch (error) {
      return failure(error);
    }
  }

  abort(execution: Execution, reason: Error): void {
    this.#pending.get(execution)?.abort(reason);
  }

  async #settle(execution: Execution, result: PromiseLike<unknown>): Promise<ExecutionOutcome> {
    try {
      return success(await result);
    } catch (error) {
      return failure(error);
    } finally {
      this.#pending.delete(execution);
    }
  }
}

function success(result: unknown): ExecutionOutcome {
  return { ok: true, payload: encodePayload(result as object, "result") };
}

/** An error that another attempt cannot mend, by its kind or by its own word (`retryable: false`), is not retried. */
function failure(error: unknown): ExecutionOutcome {
  const hopeless =
    error instanceof PayloadTypeError ||
    error instanceof ProtocolError ||
    (typeof error === "object" && error !== null && "retryable" in error && error.retryable === false);
  return { ok: false, error: toErrorInfo(error), retryable: !hopeless };
}
