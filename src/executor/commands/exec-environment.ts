import { replaceForJson } from "../../protocol/json-values.ts";
import type { Payload } from "../../protocol/payload/payload.ts";
import { carriedFields } from "../../tracing/carried-fields.ts";
import type { ExecutionInfo } from "../execution-info.ts";

/** Longest metadata in a variable, in bytes: Linux allows 128 KiB for each. */
const MAX_METADATA_BYTES = 100_000;

/** The fields of a trace context that become variables. No others: the peer that names them must not choose names such as `LD_PRELOAD`. */
const TRACE_FIELDS = ["traceparent", "tracestate", "baggage"] as const;

/**
 * What a program that is started for an item finds in its environment.
 *
 * @param run - Absent for requests, which belong to no run that a handler knows.
 * @param context - The item's trace context; empty: none.
 */
export function execEnvironment(
  { id, attempt, taskType }: ExecutionInfo,
  run: { readonly id: string; readonly metadata: Payload } | undefined,
  context: string,
): Record<string, string> {
  const environment: Record<string, string> = {
    ZMQPIPELINE_ITEM_ID: id,
    ZMQPIPELINE_ATTEMPT: String(attempt),
    ZMQPIPELINE_TASK_TYPE: taskType.name,
  };
  if (run !== undefined) {
    environment.ZMQPIPELINE_RUN_ID = run.id;
    const metadata = JSON.stringify(run.metadata, replaceForJson);
    if (Buffer.byteLength(metadata) <= MAX_METADATA_BYTES) environment.ZMQPIPELINE_METADATA = metadata;
  }
  const fields = carriedFields(context);
  for (const name of TRACE_FIELDS) {
    const value = fields[name];
    if (value !== undefined && !value.includes("\0")) environment[name.toUpperCase()] = value;
  }
  return environment;
}
