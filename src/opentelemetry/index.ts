/**
 * Spans and metrics for [OpenTelemetry](https://opentelemetry.io), by its API, which is a package of its own
 * (`npm install @opentelemetry/api`). Without an SDK they cost little and go nowhere.
 *
 * @packageDocumentation
 */
export { type InstrumentOptions, instrument } from "./instrument.ts";
export { type Observable, type ObserveOptions, observe } from "./observe.ts";
