import { Collector } from "../collector/collector.ts";
import { makeCollector } from "../pipeline/local-roles.ts";
import { describeKind } from "../role/known-options.ts";
import type { PipelineTestOptions } from "./pipeline-test-options.ts";

type AnyCollector = Collector<unknown, object, object>;

/** The instances that tests have got of `create()`. */
const seen = new WeakSet<object>();

/** Makes the collector of a process that starts. @throws TypeError when the option makes none. */
export function newCollector(given: PipelineTestOptions["collector"]): AnyCollector {
  if (typeof given === "function") return makeCollector(given);
  const made: unknown = given.create();
  if (!(made instanceof Collector))
    throw new TypeError(`collector.create() must return a Collector, not ${describeKind(made)}`);
  if (seen.has(made))
    throw new TypeError(
      "collector.create() must make a new instance at each call: a killed process loses its own",
    );
  seen.add(made);
  return makeCollector(made as AnyCollector);
}
