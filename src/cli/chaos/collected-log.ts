import { hash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { BatchCollector } from "../../collector/batch-collector.ts";
import type { Collector } from "../../collector/collector.ts";
import { encodeValue } from "../../protocol/payload/payload.ts";

/** The environment variable by which `chaos` tells a run where to note what its collector handles. */
export const COLLECTED_LOG = "ZMQPIPELINE_COLLECTED_LOG";

/** What a line says: `got` before the collector's handler is called, and `failed` before its `handleFailure()`. */
type Event = "got" | "failed";

/** In a run that `chaos` has started: notes what the collector handles. */
export function noteForChaos(collector: Collector<unknown, object, object>): void {
  const path = process.env[COLLECTED_LOG];
  delete process.env[COLLECTED_LOG]; // runs within this run are not meant
  if (path !== undefined) noteCollected(collector, path);
}

/** Wraps a collector's handlers, so that each call is a line in a file: what it got, which process called it, the item's id, and its result's hash. */
function noteCollected(collector: Collector<unknown, object, object>, path: string): void {
  const note = (event: Event, id: string, data: unknown) =>
    appendFileSync(path, `${JSON.stringify([event, process.pid, id, hashOf(data)])}\n`);
  if (collector instanceof BatchCollector) {
    const handleBatch = collector.handleBatch.bind(collector);
    collector.handleBatch = (results) => {
      for (const { id, data } of results) note("got", id, data);
      return handleBatch(results);
    };
  } else {
    const handleCollection = collector.handleCollection.bind(collector);
    collector.handleCollection = (data, taskType, msgtype, info) => {
      note("got", info.id, data);
      return handleCollection(data, taskType, msgtype, info);
    };
  }
  const handleFailure = collector.handleFailure.bind(collector);
  collector.handleFailure = (failure, taskType) => {
    note("failed", failure.id, {});
    return handleFailure(failure, taskType);
  };
}

function hashOf(data: unknown): string {
  return hash("sha256", encodeValue(data, "result"), "hex").slice(0, 16);
}
