import type { ExecutionOutcome } from "../core/execution.ts";
import { reviveError } from "../protocol/revive-error.ts";
import { asError } from "../protocol/thrown.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import { currentTracer, type SpanSpec } from "../tracing/tracer.ts";
import type { ExecutionInfo } from "./execution-info.ts";
import type { Handler } from "./handler.ts";

/**
 * Gives each execution of a handler a span that ends with it, if this thread has a tracer.
 *
 * @param kind - The kind of span; nothing: no spans.
 * @param context - The run's trace context. A request has a context of its own.
 */
export function tracedHandler(
  handler: Handler,
  kind: SpanSpec["kind"] | undefined,
  context: string,
): Handler {
  const tracer = currentTracer();
  if (tracer === undefined || kind === undefined) return handler;
  return (data, info) => {
    const span = tracer.begin(specOf(kind, info, context));
    let result: unknown;
    try {
      result = span.within(() => handler(data, info));
    } catch (error) {
      span.end(asError(error));
      throw error;
    }
    if (!isPromiseLike(result)) {
      span.end();
      return result;
    }
    // Through a promise: a thenable may call back twice, and its then() may return nothing.
    return Promise.resolve(result).then(
      (value) => {
        span.end();
        return value;
      },
      (error: unknown) => {
        span.end(asError(error));
        throw error;
      },
    );
  };
}

/** An execution in another process. */
export interface TracedExecution {
  /** The trace context for the other process; empty: none. */
  readonly context: string;
  /** Ends the span, if there is one. */
  readonly end: (outcome: ExecutionOutcome) => void;
}

/** Begins the span of an execution in another process, if this thread has a tracer. @param context - The run's trace context. */
export function tracedExecution(
  kind: SpanSpec["kind"],
  info: ExecutionInfo,
  context: string,
): TracedExecution {
  const spec = specOf(kind, info, context);
  const span = currentTracer()?.begin(spec);
  return {
    context: span?.context ?? spec.parent,
    end: (outcome) => span?.end(outcome.ok ? undefined : reviveError(outcome.error)),
  };
}

function specOf(kind: SpanSpec["kind"], info: ExecutionInfo, context: string): SpanSpec {
  const { id, attempt, taskType } = info;
  return { kind, taskType: taskType.name, id, attempt, parent: info.context || context };
}
