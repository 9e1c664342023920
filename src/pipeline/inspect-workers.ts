import { assertBoolean, assertCount } from "../role/checks.ts";
import { assertKnownOptions, optionNames } from "../role/known-options.ts";
import { DEFAULT_INSPECT_PORT, type InspectPlan, MAX_PORT } from "./inspect-plan.ts";

/** How debuggers attach to worker processes. */
export interface InspectOptions {
  /**
   * The port of worker 1 on 127.0.0.1; worker 2 has the next one, and so on. A worker whose port is taken has another one. 0: each has any free one.
   * @default 9230
   */
  readonly port?: number;
  /**
   * Whether each worker waits for a debugger before it loads its file.
   * @default false
   */
  readonly wait?: boolean;
}

const OPTIONS = optionNames<InspectOptions>({ port: true, wait: true });

/** Checks the option `inspectWorkers`. @returns `undefined` where no debugger can attach. @throws TypeError, RangeError */
export function resolveInspect(
  inspect: boolean | number | InspectOptions | undefined,
): InspectPlan | undefined {
  if (inspect === undefined || inspect === false) return undefined;
  if (inspect === true) return { port: DEFAULT_INSPECT_PORT, wait: false };
  if (typeof inspect === "number") {
    assertCount("inspectWorkers", inspect, 0, MAX_PORT);
    return { port: inspect, wait: false };
  }
  assertKnownOptions("inspectWorkers", inspect, OPTIONS);
  const { port = DEFAULT_INSPECT_PORT, wait = false } = inspect;
  assertCount("inspectWorkers.port", port, 0, MAX_PORT);
  assertBoolean("inspectWorkers.wait", wait);
  return { port, wait };
}
