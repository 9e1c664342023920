import { DistributorCore } from "../../src/core/distributor/distributor-core.ts";
import type { DistributorCoreOptions, DistributorPort } from "../../src/core/distributor/distributor-port.ts";
import type { TaskSpec } from "../../src/core/distributor/task-spec.ts";
import type { Welcome } from "../../src/protocol/batch-message.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";

/** The run of the core that `makeCore` makes. */
export const RUN = "run";

const nothing = () => {};

/** Makes a distributor's core without a shell. @param options - What differs from the usual. @param port - What the test wants to hear. */
export function makeCore(
  tasks: readonly TaskSpec[],
  options: Partial<DistributorCoreOptions>,
  port: Partial<DistributorPort>,
): DistributorCore {
  return new DistributorCore(
    tasks,
    {
      runId: RUN,
      peerId: "d",
      linkId: "l",
      context: "",
      trust: "any",
      newTicket: () => "ticket",
      crashLimit: 3,
      minWorkers: 1,
      maxFailures: Number.POSITIVE_INFINITY,
      peerTimeoutMs: 60_000,
      endTimeoutMs: 100,
      maxWindow: 4,
      windowBytes: 1e6,
      windowTimeMs: 300,
      ...options,
    },
    {
      toWorker: nothing,
      toCollector: nothing,
      toAckLink: nothing,
      ackData: nothing,
      blamed: nothing,
      completed: nothing,
      over: nothing,
      exceeded: nothing,
      note: nothing,
      ...port,
    },
  );
}

/** A collector connects both its links and is welcome. */
export function collectorComes(core: DistributorCore): void {
  const welcome: Welcome = {
    type: "welcome",
    runId: RUN,
    role: "collector",
    peerId: "c",
    timeoutMs: 0,
    ticket: "",
    context: "",
    metadata: EMPTY,
  };
  core.collectorConnected();
  core.ackLinkConnected();
  for (const link of ["data", "ack"] as const) core.collectorMessage(link, welcome);
}

/** A worker that executes `concurrency` items at a time connects, by its id. */
export function workerComes(core: DistributorCore, id: string, taskType: string, concurrency = 1): void {
  core.workerMessage(id, {
    type: "hello",
    runId: "",
    role: "worker",
    peerId: id,
    taskType,
    ticket: "",
    held: [],
  });
  core.workerMessage(id, { type: "ready", runId: RUN, concurrency });
}
