import { MAX_TIMER_MS } from "../../executor/settles-within.ts";
import { EXIT } from "../output.ts";
import { STOP_TIMEOUT_MS } from "../stop-timeout.ts";
import { workerLines } from "../worker-lines.ts";
import type { CommandConsole } from "./command-console.ts";
import { workersJson } from "./outcome-json.ts";
import { workersText } from "./outcome-text.ts";
import type { RoleOptions } from "./run-options.ts";
import { startWorkers, type WorkersSpec } from "./start-workers.ts";

/** How long a worker may take to end after its time to finish is over, in ms. Then its process is killed. */
const CUT_OFF_MS = 500;

/** How long workers may take to end after one of them has heard of the end, in ms. */
const END_MS = 3000;

/** Starts workers, and waits until all have ended; the first signal lets them finish. @returns The exit code. */
export async function superviseWorkers(
  spec: WorkersSpec,
  options: RoleOptions,
  console: CommandConsole,
): Promise<number> {
  const { fleet, ended, counts, peers } = startWorkers(
    [spec],
    workerLines((text) => console.printed(text), options.quiet === true),
    // What has ended for one is over for all, also for those that had not found it yet.
    () => void fleet.end(END_MS),
  );
  const lines = console.showPeers(options, { name: "workers", read: peers, peerTimeoutMs: undefined });
  const { stopTimeout = STOP_TIMEOUT_MS } = options;
  const drain = () => {
    fleet.stop(stopTimeout);
    if (stopTimeout > MAX_TIMER_MS) return;
    // A worker whose handler blocks its main thread does not hear that it is to stop.
    setTimeout(() => void fleet.end(CUT_OFF_MS), stopTimeout).unref();
  };
  console.drainOnInterrupt({ timeoutMs: stopTimeout, drain });
  await ended.finally(() => lines?.close());
  const workers = Math.max(spec.count, 1);
  console.printOutcome(options, workersJson(workers, counts), () => [workersText(workers, counts)]);
  return EXIT.ok;
}
