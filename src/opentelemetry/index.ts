/**
 * Spans and metrics for [OpenTelemetry](https://opentelemetry.io), through its API, a package of its own
 * (`npm install @opentelemetry/api`). Without an SDK, spans and metrics cost little and are dropped.
 *
 * @packageDocumentation
 */
export { type InstrumentOptions, instrument } from "./instrument.ts";
export { type Observable, type ObserveOptions, observe } from "./observe.ts";
