import {
  type Span as ApiSpan,
  type Tracer as ApiTracer,
  type Attributes,
  type Context,
  context,
  type Histogram,
  metrics,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { asError, describeThrown } from "../protocol/thrown.ts";
import { type Span, type SpanSpec, setTracer, type Tracer } from "../tracing/tracer.ts";
import { readContext, writeContext } from "./carried-context.ts";

/** Options of {@link instrument}. */
export interface InstrumentOptions {
  /**
   * How the spans of items relate to the span of their run. `"child"`: all are in one trace. `"link"`: each has a trace of its own that
   * refers to the run's, so that a sampler can choose among them; for runs of many items. `"none"`: items have no spans.
   * @default "child"
   */
  readonly items?: "child" | "link" | "none";
}

const SCOPE = "zmqpipeline";

/**
 * Makes a span for every run, execution and request of this thread, and measures how long executions and requests take. Call it before roles
 * run: in each process, and, for handlers in threads, in the module of their class.
 *
 * The parent of a run's span is the span that is active where `run()` is called. The parent of an item's execution, on any machine, is the
 * run; that of a request's execution is the request. Spans that a handler makes are children of the execution's span.
 *
 * @returns A function that ends it.
 *
 * @example
 * ```ts
 * import { instrument } from "zmqpipeline/opentelemetry";
 *
 * instrument();
 * ```
 */
export function instrument({ items = "child" }: InstrumentOptions = {}): () => void {
  if (!["child", "link", "none"].includes(items))
    throw new TypeError(`items must be "child", "link" or "none", not ${JSON.stringify(items)}`);
  const tracer = new OpenTelemetryTracer(items);
  setTracer(tracer);
  return () => setTracer(undefined);
}

const KINDS: Readonly<Record<SpanSpec["kind"], { readonly name: string; readonly kind: SpanKind }>> = {
  run: { name: "run", kind: SpanKind.PRODUCER },
  item: { name: "process", kind: SpanKind.CONSUMER },
  request: { name: "request", kind: SpanKind.CLIENT },
  reply: { name: "reply", kind: SpanKind.SERVER },
};

class OpenTelemetryTracer implements Tracer {
  readonly #items: NonNullable<InstrumentOptions["items"]>;
  readonly #tracer: ApiTracer = trace.getTracer(SCOPE);
  readonly #durations: Histogram = metrics.getMeter(SCOPE).createHistogram("zmqpipeline.duration", {
    description: "How long executions and requests take.",
    unit: "s",
    advice: { explicitBucketBoundaries: [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600] },
  });

  constructor(items: NonNullable<InstrumentOptions["items"]>) {
    this.#items = items;
  }

  begin(spec: SpanSpec): Span {
    const startedAt = performance.now();
    const parent = spec.parent === "" ? context.active() : readContext(spec.parent);
    const span = this.#span(spec, parent);
    const inside = span === undefined ? parent : trace.setSpan(parent, span);
    return {
      get context() {
        return writeContext(inside);
      },
      within: (action) => context.with(inside, action),
      end: (error, counts = {}) => {
        for (const [name, count] of Object.entries(counts)) span?.setAttribute(`zmqpipeline.${name}`, count);
        if (error !== undefined) {
          const text = describeThrown(error);
          span?.recordException(asError(error));
          span?.setStatus({ code: SpanStatusCode.ERROR, message: text });
        }
        span?.end();
        if (spec.kind === "run") return;
        const attributes: Attributes = { task: spec.taskType, kind: spec.kind, error: error !== undefined };
        this.#durations.record((performance.now() - startedAt) / 1000, attributes, inside);
      },
    };
  }

  within<T>(carried: string, action: () => T): T {
    return carried === "" ? action() : context.with(readContext(carried), action);
  }

  #span(spec: SpanSpec, parent: Context): ApiSpan | undefined {
    const isItem = spec.kind === "item";
    if (isItem && this.#items === "none") return undefined;
    const { name, kind } = KINDS[spec.kind];
    const link = isItem && this.#items === "link" ? trace.getSpanContext(parent) : undefined;
    const options: SpanOptions = {
      kind,
      attributes: attributesOf(spec),
      ...(link === undefined ? {} : { root: true, links: [{ context: link }] }),
    };
    return this.#tracer.startSpan(`${name} ${spec.taskType}`.trimEnd(), options, parent);
  }
}

/** Attributes by the conventions, where there are some: https://opentelemetry.io/docs/specs/semconv/messaging/ and …/rpc/. */
function attributesOf({ kind, taskType, id, attempt }: SpanSpec): Attributes {
  const own: Attributes = id === "" ? {} : { "zmqpipeline.id": id };
  if (attempt > 0) own["zmqpipeline.attempt"] = attempt;
  if (kind === "request" || kind === "reply")
    return { ...own, "rpc.system": "zmqpipeline", "rpc.method": taskType };
  return {
    ...own,
    "messaging.system": "zmqpipeline",
    "messaging.operation.type": kind === "run" ? "send" : "process",
    "messaging.destination.name": taskType,
  };
}
