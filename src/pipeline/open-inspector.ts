import { type InspectPlan, MAX_PORT } from "./inspect-plan.ts";

/** Debuggers attach from this machine only: who attaches can run any code in the process. */
const HOST = "127.0.0.1";

/**
 * Lets a debugger attach to this process. Node writes the address to stderr.
 *
 * @param number - The number of the worker, from 1.
 * @throws TypeError where this Node was built without the inspector.
 */
export function openInspector({ port, wait }: InspectPlan, number: number): void {
  const inspector = process.features.inspector ? process.getBuiltinModule("node:inspector") : undefined;
  if (inspector === undefined)
    throw new TypeError("inspectWorkers: this Node.js was built without the inspector");
  // One of Node's options, or the debugger of an editor, may have opened it already.
  if (inspector.url() !== undefined) {
    if (wait) inspector.waitForDebugger();
    return;
  }
  // No code of ours runs between opening and waiting: what a debugger sends in that moment is lost.
  const own = port === 0 ? 0 : port + number - 1;
  inspector.open(own > MAX_PORT ? 0 : own, HOST, wait);
  if (inspector.url() === undefined) inspector.open(0, HOST, wait); // the port is taken, as Node has written
  if (inspector.url() === undefined) throw new TypeError(`inspectWorkers: no port of ${HOST} can be opened`);
}
