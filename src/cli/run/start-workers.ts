import type { OutputSource } from "../../pipeline/pipeline-options.ts";
import type { WorkerStart } from "../../pipeline/process-messages.ts";
import { WorkerFleet } from "../../pipeline/worker-fleet.ts";
import type { PeerState } from "../../role/peer-state.ts";

/** How often in a row each worker that has not worked is started again. */
export const RESTARTS = 20;

/** Workers of a file: which export, how many, and endpoints and keys that replace those in the file. */
export interface WorkersSpec
  extends Pick<WorkerStart, "exportName" | "endpoint" | "collectorEndpoint" | "keys" | "inspect">,
    Partial<Pick<WorkerStart, "pool" | "isWrapped" | "threads" | "concurrency" | "taskType" | "program">> {
  readonly url: string;
  /** 0: the worker runs in this process. */
  readonly count: number;
}

/**
 * Starts workers, each in a process of its own, which is started again when it dies.
 *
 * @param output - Gets each line that a worker writes.
 * @param finished - Called when a worker has worked to the end of the run, or of its service or pool.
 * @returns The fleet; what its workers have executed; the peers that they need, present where they are there for all; and a promise that resolves when all workers have ended, and rejects when they cannot work.
 */
export function startWorkers(
  specs: readonly WorkersSpec[],
  output: (text: string, source: OutputSource) => void,
  finished: () => void = () => {},
) {
  let failure: Error | undefined;
  const counts = { executed: 0, failed: 0 };
  const peers = new Map<number, readonly PeerState[]>();
  const fleet = new WorkerFleet({
    restarts: RESTARTS,
    output: (worker, stream, text) => output(text, { worker, stream }),
    finished,
    peers: (worker, states) => peers.set(worker, states),
    done: ({ executed, failed }) => {
      counts.executed += executed;
      counts.failed += failed;
    },
    failed: (error) => {
      failure = error;
      fleet.stop(0);
    },
  });
  for (const { url, count, ...start } of specs) {
    const kind = {
      type: "start",
      module: url,
      taskType: undefined,
      concurrency: undefined,
      threads: 0,
      isWrapped: false,
      isHere: count === 0,
      tellsPeers: true,
    } as const;
    for (let worker = 0; worker < Math.max(count, 1); worker++) fleet.add({ ...kind, ...start });
  }
  const ended = fleet.ended.then(() => {
    if (failure !== undefined) throw failure;
  });
  ended.catch(() => {}); // the caller that awaits `ended` gets the error
  return { fleet, ended, counts, peers: () => merged([...peers.values()]) };
}

/** Each peer once: it is present when it is there for all workers. */
function merged(all: readonly (readonly PeerState[])[]): PeerState[] {
  const byAddress = new Map<string, PeerState>();
  for (const state of all.flat()) {
    const key = `${state.peer} ${state.address}`;
    const isPresent = state.isPresent && (byAddress.get(key)?.isPresent ?? true);
    byAddress.set(key, { ...state, isPresent });
  }
  return [...byAddress.values()];
}
