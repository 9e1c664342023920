import { describe, expect, test } from "vitest";
import { CollectorCore } from "../../../src/core/collector/collector-core.ts";
import type { DistributorCore } from "../../../src/core/distributor/distributor-core.ts";
import { resolveRetryPolicy } from "../../../src/core/distributor/retry-policy.ts";
import type { Execution } from "../../../src/core/execution.ts";
import { WorkerCore } from "../../../src/core/worker/worker-core.ts";
import {
  ACK_LINK_TO_DISTRIBUTOR,
  COLLECTOR_TO_DISTRIBUTOR,
  COLLECTOR_TO_WORKER,
  DISTRIBUTOR_TO_ACK_LINK,
  DISTRIBUTOR_TO_COLLECTOR,
  DISTRIBUTOR_TO_WORKER,
  WORKER_TO_COLLECTOR,
  WORKER_TO_DISTRIBUTOR,
} from "../../../src/protocol/message.ts";
import { EMPTY } from "../../../src/protocol/wire/payload-frames.ts";
import { checkInvariants } from "../../simulation/check-invariants.ts";
import { collectorComes, makeCore } from "../../support/distributor-core.ts";
import { fuzz, heard, nothing, sent } from "./fuzz.ts";

function makeDistributor(): { core: DistributorCore; now: number } {
  let produced = 0;
  const source = () => ({ pull: () => (produced++ < 20 ? Uint8Array.of(1) : ("done" as const)) });
  const spec = (name: string, dependencies: string[]) => {
    return { name, dependencies, retry: resolveRetryPolicy({}), timeoutMs: 100, source: source() };
  };
  const options = { linkId: "secret", crashLimit: 2, maxFailures: 5, windowBytes: 16 };
  const port = { toWorker: sent, toCollector: sent, toAckLink: sent };
  return { core: makeCore([spec("a", []), spec("b", ["a"])], options, port), now: 0 };
}

const PRODUCED = { type: "produced", runId: "run", taskType: "a", count: 20, all: false, again: [] } as const;

describe("Arbitrary messages to a batch core", () => {
  test("The distributor's state machine neither throws nor loses count", () => {
    fuzz(
      makeDistributor,
      [
        heard(WORKER_TO_DISTRIBUTOR, ({ core }, message, connection) =>
          core.workerMessage(connection, message),
        ),
        heard(WORKER_TO_DISTRIBUTOR, ({ core }, message, connection) =>
          core.workerMessage(connection, { ...message, runId: "run" }),
        ),
        heard(COLLECTOR_TO_DISTRIBUTOR, ({ core }, message) => core.collectorMessage("data", message)),
        heard(ACK_LINK_TO_DISTRIBUTOR, ({ core }, message) =>
          core.collectorMessage("ack", { ...message, runId: "run" }),
        ),
        ({ core }, message) => {
          if (message.type === "blocked")
            core.workerMessage("watch", { ...message, runId: "run", workerId: "w0" });
        },
        ({ core }, _message, connection) => core.workerDisconnected(connection),
        ({ core }) => core.collectorDisconnected("data"),
        ({ core }) => core.collectorConnected(),
        (world) => {
          world.now += 150;
          world.core.tick(world.now);
        },
      ],
      ({ core }) => checkInvariants(core, 16_384),
      ({ core }) => {
        core.open(EMPTY);
        collectorComes(core);
      },
    );
  });

  test("The collector's state machine does not throw", () => {
    const port = {
      toPeer: sent,
      toAckLink: sent,
      begin: nothing,
      work: nothing,
      finish: nothing,
      over: nothing,
      exceeded: nothing,
      refused: nothing,
      note: nothing,
    };
    fuzz(
      () => ({ core: new CollectorCore({ peerId: "c", peerTimeoutMs: 60_000 }, port), now: 0 }),
      [
        heard(WORKER_TO_COLLECTOR.and(DISTRIBUTOR_TO_COLLECTOR), ({ core }, message, connection) =>
          core.peerMessage(connection, message),
        ),
        heard(WORKER_TO_COLLECTOR.and(DISTRIBUTOR_TO_COLLECTOR), ({ core }, message, connection) =>
          core.peerMessage(connection, { ...message, runId: "run" }),
        ),
        heard(DISTRIBUTOR_TO_ACK_LINK, ({ core }, message, connection) =>
          core.ackLinkMessage(connection, message),
        ),
        ({ core }, _message, connection) => core.disconnected("data", connection),
        ({ core }) => core.peerMessage("c0", PRODUCED),
        ({ core }) => {
          const delivery = core.next();
          if (delivery !== undefined) core.handled(delivery, EMPTY);
        },
        (world) => {
          world.now += 150;
          world.core.tick(world.now);
        },
      ],
      nothing,
      ({ core }) => {
        const hello = { role: "distributor", taskType: "", ticket: "", held: [] } as const;
        core.ackLinkMessage("k0", { type: "hello", runId: "run", peerId: "d", ...hello });
        core.peerMessage("c0", {
          type: "open",
          runId: "run",
          peerId: "d",
          tasks: ["a", "b"],
          trust: "any",
          context: "",
          metadata: EMPTY,
        });
      },
    );
  });

  test("The worker's state machine does not throw", () => {
    const begun: Execution[] = [];
    const port = {
      takeBack: (count: number) => begun.splice(0, count),
      toDistributor: sent,
      toCollector: sent,
      begin: nothing,
      abandon: nothing,
      work: nothing,
      over: nothing,
      note: nothing,
    };
    const options = { workerId: "w0", taskType: "a", concurrency: 2, peerTimeoutMs: 60_000 };
    fuzz(
      () => ({ core: new WorkerCore(options, port), now: 0 }),
      [
        heard(DISTRIBUTOR_TO_WORKER, ({ core }, message) => core.distributorMessage(message)),
        heard(DISTRIBUTOR_TO_WORKER, ({ core }, message) =>
          core.distributorMessage({ ...message, runId: "run" }),
        ),
        heard(COLLECTOR_TO_WORKER, ({ core }, message) => core.collectorMessage(message)),
        ({ core }) => core.distributorDisconnected(),
        ({ core }) => core.collectorConnected(),
        ({ core }) => core.initialised("run"),
        ({ core, now }) => {
          const execution = core.next();
          if (execution !== undefined) core.finished(execution, { ok: true, payload: EMPTY }, 1, now);
        },
        ({ core }) => {
          const execution = core.next();
          if (execution !== undefined) begun.push(execution); // waits in the queue of a thread
        },
        (world) => {
          world.now += 150;
          world.core.tick(world.now);
        },
      ],
      nothing,
      ({ core }) => core.distributorConnected(),
    );
  });
});

test("The invariants that the fuzzer checks include the count of items", () => {
  const { core } = makeDistributor();
  for (const task of core.tasks) task.counts.items = 1;
  expect(() => checkInvariants(core, 1)).toThrow("every item is acked, failed or in the ledger");
});
