/** The description of a span. */
export interface SpanSpec {
  /** `run`: a whole run. `item` and `reply`: one execution of an item or a request. `request`: a request, as its client sees it. */
  readonly kind: "run" | "item" | "request" | "reply";
  readonly taskType: string;
  /** The id of the run, the item or the request. */
  readonly id: string;
  /** The number of the execution; 0 if the span is no execution. */
  readonly attempt: number;
  /** The context that the message with the work carried; empty: none. */
  readonly parent: string;
}

/** A span lasts from `begin()` to `end()`. */
export interface Span {
  /** The context to send with messages, so that spans on other machines belong to this span. */
  readonly context: string;
  /** Runs an action; spans that the action makes belong to this span. */
  within<T>(action: () => T): T;
  /** @param error - The error, if the work failed. @param counts - Counts of the outcome. */
  end(error?: unknown, counts?: Readonly<Record<string, number>>): void;
}

/** Makes spans. `zmqpipeline/opentelemetry` has a tracer; without one, the library traces nothing. */
export interface Tracer {
  begin(spec: SpanSpec): Span;
  /** Runs an action; spans that the action makes belong to the context that a message carried. */
  within<T>(context: string, action: () => T): T;
}

/** A registered symbol, because a TypeScript loader may give the user's module its own copy of this library. */
const KEY = Symbol.for("zmqpipeline.tracer");
const holder = globalThis as { [KEY]?: Tracer | undefined };

/** The tracer of this thread; `undefined` without one. */
export function currentTracer(): Tracer | undefined {
  return holder[KEY];
}

export function setTracer(tracer: Tracer | undefined): void {
  holder[KEY] = tracer;
}
