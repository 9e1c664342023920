/** What a span is about. */
export interface SpanSpec {
  /** A whole run; one execution of an item or a request; a request, as its client sees it. */
  readonly kind: "run" | "item" | "request" | "reply";
  readonly taskType: string;
  /** The run's, the item's or the request's. */
  readonly id: string;
  /** Number of the execution; 0 where it is none. */
  readonly attempt: number;
  /** The context that came with the work; empty: none. */
  readonly parent: string;
}

/** Something that takes time, from its making to `end`. */
export interface Span {
  /** What travels with messages, so that the work elsewhere belongs to it. */
  readonly context: string;
  /** Runs an action whose own spans belong to this one. */
  within<T>(action: () => T): T;
  /** @param error - What it failed with. @param counts - What it came to. */
  end(error?: unknown, counts?: Readonly<Record<string, number>>): void;
}

/** Who makes spans: `zmqpipeline/opentelemetry` is one. The library itself traces nothing. */
export interface Tracer {
  begin(spec: SpanSpec): Span;
  /** Runs an action whose own spans belong to the context that came with the work. */
  within<T>(context: string, action: () => T): T;
}

/** A registered symbol: a TypeScript loader may give the user's module a copy of this library of its own. */
const KEY = Symbol.for("zmqpipeline.tracer");
const holder = globalThis as { [KEY]?: Tracer | undefined };

/** Of this thread. */
export function currentTracer(): Tracer | undefined {
  return holder[KEY];
}

export function setTracer(tracer: Tracer | undefined): void {
  holder[KEY] = tracer;
}
