// Instruments the process as BENCH_OTEL says: "api": without an SDK; "sdk": with an SDK that drops the spans of items; "none": with an SDK, without
// spans for items.
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { instrument } from "zmqpipeline/opentelemetry";

const how = process.env.BENCH_OTEL;

if (how !== "api") {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new BasicTracerProvider());
}
instrument({ items: how === "none" ? "none" : "child" });
