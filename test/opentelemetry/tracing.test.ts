import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { EndpointAddress } from "zmqpipeline"; // threads need the library as it is built
import { instrument } from "../../src/opentelemetry/index.ts";
import { TracedThreads } from "../fixtures/traced-threads.ts";
import { freshEndpoints, serviceEndpoints } from "../support/endpoints.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = provider.getTracer("test");

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
  trace.setGlobalTracerProvider(provider);
});

let end = () => {};
afterEach(() => {
  end();
  exporter.reset();
});

const spans = (name: string) => exporter.getFinishedSpans().filter((span) => span.name === name);
const only = (name: string): ReadableSpan => {
  const [span, ...others] = spans(name);
  if (span === undefined || others.length > 0) throw new Error(`${others.length + 1} spans ${name}`);
  return span;
};
const idOf = (span: ReadableSpan) => span.spanContext().spanId;
const traceOf = (span: ReadableSpan) => span.spanContext().traceId;

/** Runs some numbers, one of which fails once. */
async function runNumbers(items: number, scheme: "tcp" | "inproc" = "inproc") {
  const endpoints = await freshEndpoints(scheme);
  let failed = false;
  const worker = new NumbersWorker(endpoints, async ({ n }) => {
    if (n === 1 && !failed) {
      failed = true;
      throw new RangeError("once");
    }
    await tracer.startActiveSpan("inner", async (span) => span.end());
    return { n, tenant: propagation.getActiveBaggage()?.getEntry("tenant")?.value };
  });
  class TracingCollector extends NumbersCollector {
    override handleCollection(...args: Parameters<NumbersCollector["handleCollection"]>) {
      tracer.startSpan("store").end();
      return super.handleCollection(...args);
    }
  }
  const task = new NumbersTask(endpoints, items);
  Object.assign(task, { retry: { attempts: 2, backoff: 1 } });
  const collector = new TracingCollector(endpoints);
  const distributor = makeDistributor(endpoints, task);
  const others = Promise.all([collector.run(), worker.run()]);
  const summary = await tracer.startActiveSpan("job", async (span) => {
    const baggage = propagation.createBaggage({ tenant: { value: "acme" } });
    const outcome = await context.with(propagation.setBaggage(context.active(), baggage), () =>
      distributor.run(),
    );
    span.end();
    return outcome;
  });
  await others;
  return summary;
}

describe("A traced run", () => {
  test.each(["inproc", "tcp"] as const)(
    "is one trace, over %s: run, items, spans of handlers",
    async (scheme) => {
      end = instrument();
      const summary = await runNumbers(3, scheme);
      const run = only("run numbers");
      expect(run.parentSpanContext?.spanId).toBe(idOf(only("job")));
      expect(run.kind).toBe(SpanKind.PRODUCER);
      expect(run.attributes).toMatchObject({
        "zmqpipeline.id": summary.runId,
        "zmqpipeline.numbers.acked": 3,
        "messaging.system": "zmqpipeline",
      });
      const items = spans("process numbers");
      expect(items.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
        Array(4).fill(idOf(run)),
      );
      const ofSecond = items.filter(
        ({ attributes }) => attributes["zmqpipeline.id"] === `${summary.runId}/numbers/1`,
      );
      expect(
        ofSecond.map(({ attributes, status }) => [attributes["zmqpipeline.attempt"], status.code]),
      ).toEqual([
        [1, SpanStatusCode.ERROR],
        [2, SpanStatusCode.UNSET],
      ]);
      expect(ofSecond[0]?.events[0]?.attributes).toMatchObject({ "exception.message": "once" });
      const parents = new Set(items.map(idOf));
      expect(spans("inner")).toHaveLength(3);
      for (const span of spans("inner")) expect(parents).toContain(span.parentSpanContext?.spanId);
      expect(spans("store").map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
        Array(3).fill(idOf(run)),
      );
      expect(new Set(exporter.getFinishedSpans().map(traceOf))).toEqual(new Set([traceOf(run)]));
    },
  );

  test("of many items may have a trace for each, which refers to the run's", async () => {
    end = instrument({ items: "link" });
    await runNumbers(5);
    const run = only("run numbers");
    const items = spans("process numbers");
    expect(new Set([run, ...items].map(traceOf)).size).toBe(7);
    for (const { links, parentSpanContext } of items) {
      expect(parentSpanContext).toBeUndefined();
      expect(links.map(({ context: { spanId } }) => spanId)).toEqual([idOf(run)]);
    }
  });

  test("may have no span for its items: the spans of handlers belong to the run", async () => {
    end = instrument({ items: "none" });
    await runNumbers(3);
    expect(spans("process numbers")).toEqual([]);
    const run = only("run numbers");
    expect(spans("inner").map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
      Array(3).fill(idOf(run)),
    );
  });

  test("that fails says so, and an untraced run makes no spans", async () => {
    end = instrument();
    const endpoints = await freshEndpoints("inproc");
    const lonely = makeDistributor(endpoints, new NumbersTask(endpoints, 1), { peerTimeout: 100 });
    await expect(lonely.run()).rejects.toMatchObject({ code: "PEER_TIMEOUT" });
    expect(only("run numbers").status).toMatchObject({ code: SpanStatusCode.ERROR });
    exporter.reset();
    end();
    await runNumbers(3);
    expect(spans("run numbers")).toEqual([]);
  });

  test("reaches handlers in threads", async () => {
    end = instrument();
    const endpoints = await freshEndpoints("ipc");
    const results: unknown[] = [];
    class Keeping extends NumbersCollector {
      override handleCollection(data: { n: number; traceId?: string }) {
        results.push(data.traceId);
        return undefined;
      }
    }
    const worker = new TracedThreads();
    worker.endpoint = new EndpointAddress(endpoints.task);
    worker.collectorEndpoint = new EndpointAddress(endpoints.collector);
    const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 3));
    await Promise.all([distributor.run(), new Keeping(endpoints).run(), worker.run()]);
    expect(results).toEqual(Array(3).fill(traceOf(only("run numbers"))));
  });
});

describe("A traced request", () => {
  test("is a span at its client and one at its worker, each with its own parent", async () => {
    end = instrument();
    const endpoints = await serviceEndpoints("inproc");
    await running(endpoints, [new EchoWorker(endpoints, { concurrency: 4 })]);
    await using client = makeClient(endpoints);
    await Promise.all(
      ["one", "two"].map((name) =>
        tracer.startActiveSpan(name, async (span) => {
          await Promise.all([client.request({ n: 1 }), client.request({ n: 2 })]);
          span.end();
        }),
      ),
    );
    const requests = spans("request echo");
    expect(requests.map(({ kind }) => kind)).toEqual(Array(4).fill(SpanKind.CLIENT));
    const replies = spans("reply echo");
    expect(replies.map(({ parentSpanContext }) => parentSpanContext?.spanId).sort()).toEqual(
      requests.map(idOf).sort(),
    );
    for (const name of ["one", "two"]) {
      const traceId = traceOf(only(name));
      expect(replies.filter((span) => traceOf(span) === traceId)).toHaveLength(2);
    }
  });

  test("whose handler fails is an error at both", async () => {
    end = instrument();
    const endpoints = await serviceEndpoints("inproc");
    await running(endpoints, [new EchoWorker(endpoints)]);
    await using client = makeClient(endpoints);
    await expect(client.request({ n: 1, throws: "no" })).rejects.toThrow("no");
    for (const name of ["request echo", "reply echo"])
      expect(only(name).status).toMatchObject({ code: SpanStatusCode.ERROR, message: "no" });
  });
});

test("Tracing refuses unknown options", () => {
  expect(() => instrument({ items: "all" as "none" })).toThrow(
    'items must be "child", "link" or "none", not "all"',
  );
});
