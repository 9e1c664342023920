import type { OutputSource } from "../../pipeline/pipeline-options.ts";
import type { WorkerStart } from "../../pipeline/process-messages.ts";
import { WorkerFleet } from "../../pipeline/worker-fleet.ts";

/** How often in a row each worker that has not worked is started again. */
const RESTARTS = 20;

/** Workers of a file: which export, how many, and endpoints and keys that replace those in the file. */
export interface WorkersSpec
  extends Pick<WorkerStart, "exportName" | "endpoint" | "collectorEndpoint" | "keys" | "inspect">,
    Partial<Pick<WorkerStart, "pool" | "isWrapped" | "threads" | "concurrency">> {
  readonly url: string;
  /** 0: the worker runs in this process. */
  readonly count: number;
}

/**
 * Starts workers, each in a process of its own, which is started again when it dies.
 *
 * @param output - Gets each line that a worker writes.
 * @param finished - Called when a worker has worked to the end of the run, or of its service or pool.
 * @returns The fleet, and a promise that resolves when all workers have ended, and rejects when they cannot work.
 */
export function startWorkers(
  specs: readonly WorkersSpec[],
  output: (text: string, source: OutputSource) => void,
  finished: () => void = () => {},
) {
  let failure: Error | undefined;
  const fleet = new WorkerFleet({
    restarts: RESTARTS,
    output: (worker, stream, text) => output(text, { worker, stream }),
    finished,
    failed: (error) => {
      failure = error;
      fleet.stop(0);
    },
  });
  for (const { url, count, ...start } of specs) {
    const kind = {
      type: "start",
      module: url,
      taskType: "",
      concurrency: undefined,
      threads: 0,
      isWrapped: false,
      isHere: count === 0,
    } as const;
    for (let worker = 0; worker < Math.max(count, 1); worker++) fleet.add({ ...kind, ...start });
  }
  const ended = fleet.ended.then(() => {
    if (failure !== undefined) throw failure;
  });
  ended.catch(() => {}); // the caller that awaits `ended` gets the error
  return { fleet, ended };
}
