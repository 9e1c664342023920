import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CollectorCore } from "../../src/core/collector/collector-core.ts";
import { DistributorCore } from "../../src/core/distributor/distributor-core.ts";
import { resolveRetryPolicy } from "../../src/core/distributor/retry-policy.ts";
import { BrokerCore } from "../../src/core/service/broker-core.ts";
import { ServiceClientCore } from "../../src/core/service-client/service-client-core.ts";
import { ServiceWorkerCore } from "../../src/core/service-worker/service-worker-core.ts";
import { WorkerCore } from "../../src/core/worker/worker-core.ts";
import type { Direction } from "../../src/protocol/direction.ts";
import { MAX_SEQ } from "../../src/protocol/limits.ts";
import {
  ACK_LINK_TO_DISTRIBUTOR,
  CLIENT_TO_SERVICE,
  COLLECTOR_TO_DISTRIBUTOR,
  COLLECTOR_TO_WORKER,
  DISTRIBUTOR_TO_ACK_LINK,
  DISTRIBUTOR_TO_COLLECTOR,
  DISTRIBUTOR_TO_WORKER,
  type Message,
  SERVICE_TO_CLIENT,
  SERVICE_TO_WORKER,
  WORKER_TO_COLLECTOR,
  WORKER_TO_DISTRIBUTOR,
  WORKER_TO_SERVICE,
} from "../../src/protocol/message.ts";
import { decodeMessage, encodeMessage } from "../../src/protocol/wire/codec.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";
import { checkInvariants } from "../simulation/check-invariants.ts";
import { arbitraryMessages } from "../support/messages.ts";

// Names and numbers that meet: a peer that knows the run, its tasks and its workers, and lies.
const { batch, service, inspection } = arbitraryMessages({
  name: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom("run", "a", "b", "w0", "w1", "") },
    { weight: 1, arbitrary: fc.string({ maxLength: 10 }) },
  ),
  count: fc.oneof(fc.nat(3), fc.maxSafeInteger().map(Math.abs)),
  seq: fc.oneof({ weight: 8, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.constant(MAX_SEQ) }),
  bytes: fc.uint8Array({ maxLength: 8 }),
});
const any = fc.oneof(
  { weight: 8, arbitrary: batch },
  { weight: 4, arbitrary: service },
  { weight: 1, arbitrary: inspection },
);

/** Something that happens to a core. */
type Step<Core> = (core: Core, message: Message, connection: string) => unknown;

/** A core hears what a shell lets through: the messages of its direction. */
function heard<Core, M extends Message>(
  direction: Direction<M>,
  step: (core: Core, message: M, connection: string) => unknown,
): Step<Core> {
  return (core, message, connection) => {
    if (direction.allows(message)) step(core, message, connection);
  };
}

function fuzz<Core>(
  make: () => Core,
  steps: readonly Step<Core>[],
  check: (core: Core) => void = () => {},
  begin: (core: Core) => void = () => {},
): void {
  const step = fc.tuple(
    fc.nat(steps.length - 1),
    any.map((message) => decodeMessage(encodeMessage(message))),
    fc.constantFrom("c0", "c1", "c2"),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: "max" }), fc.boolean(), (history, hasBegun) => {
      const core = make();
      if (hasBegun) begin(core);
      for (const [index, message, connection] of history) {
        steps[index]?.(core, message, connection);
        check(core);
      }
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 400) },
  );
}

const nothing = () => {};

function makeDistributor(): { core: DistributorCore; now: number } {
  let produced = 0;
  const source = () => ({ pull: () => (produced++ < 20 ? Uint8Array.of(1) : ("done" as const)) });
  const spec = (name: string, dependencies: string[]) => {
    return { name, dependencies, retry: resolveRetryPolicy({}), timeout: 100, source: source() };
  };
  const port = {
    toWorker: nothing,
    toCollector: nothing,
    toAckLink: nothing,
    ackData: nothing,
    blamed: nothing,
    completed: nothing,
    over: nothing,
    note: nothing,
  };
  const options = {
    runId: "run",
    peerId: "d",
    linkId: "secret",
    context: "",
    crashLimit: 2,
    minWorkers: 1,
    maxFailures: 5,
    peerTimeout: 60_000,
    endTimeout: 100,
    maxWindow: 4,
    windowBytes: 16,
    windowTime: 300,
  };
  return { core: new DistributorCore([spec("a", []), spec("b", ["a"])], options, port), now: 0 };
}

describe("whatever peers say, in whatever order, no state machine throws or loses count", () => {
  test("the distributor's", () => {
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
          if (message.type === "blocked") core.workerBlocked("w0", message.running, message.expired);
        },
        ({ core }, _message, connection) => core.workerDisconnected(connection),
        ({ core }) => core.collectorDisconnected("data"),
        ({ core }) => core.collectorConnected(),
        (world) => {
          world.now += 150;
          world.core.tick(world.now);
        },
      ],
      ({ core }) => checkInvariants(core, 65_536),
      ({ core }) => {
        core.open(EMPTY);
        core.collectorConnected();
        core.ackLinkConnected();
        const welcome = {
          runId: "run",
          role: "collector",
          peerId: "c",
          timeout: 0,
          context: "",
          metadata: EMPTY,
        } as const;
        for (const link of ["data", "ack"] as const)
          core.collectorMessage(link, { type: "welcome", ...welcome });
      },
    );
  });

  test("the collector's", () => {
    const port = {
      toPeer: nothing,
      toAckLink: nothing,
      begin: nothing,
      work: nothing,
      finish: nothing,
      over: nothing,
      note: nothing,
    };
    fuzz(
      () => ({ core: new CollectorCore({ peerId: "c", peerTimeout: 60_000 }, port), now: 0 }),
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
        const hello = { role: "distributor", taskType: "", held: [] } as const;
        core.ackLinkMessage("k0", { type: "hello", runId: "run", peerId: "d", ...hello });
        core.peerMessage("c0", {
          type: "open",
          runId: "run",
          peerId: "d",
          tasks: ["a", "b"],
          context: "",
          metadata: EMPTY,
        });
      },
    );
  });

  test("the worker's", () => {
    const port = {
      toDistributor: nothing,
      toCollector: nothing,
      begin: nothing,
      abandon: nothing,
      work: nothing,
      over: nothing,
      note: nothing,
    };
    const options = { workerId: "w0", taskType: "a", concurrency: 2, peerTimeout: 60_000 };
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
        (world) => {
          world.now += 150;
          world.core.tick(world.now);
        },
      ],
      nothing,
      ({ core }) => core.distributorConnected(),
    );
  });

  test("the service's", () => {
    const port = { toClient: nothing, toWorker: nothing, flushSoon: nothing, over: nothing, note: nothing };
    const options = {
      runId: "run",
      peerId: "s",
      maxQueue: 10,
      maxQueueBytes: 100,
      workerTimeout: 1000,
      crashLimit: 2,
      endWorkers: true,
      endTimeout: 100,
    };
    fuzz(
      () => ({ core: new BrokerCore(options, port), now: 0 }),
      [
        heard(CLIENT_TO_SERVICE, ({ core }, message, connection) =>
          core.clientMessage(connection, { ...message, runId: "run" }),
        ),
        heard(WORKER_TO_SERVICE, ({ core }, message, connection) =>
          core.workerMessage(connection, { ...message, runId: "run" }),
        ),
        heard(WORKER_TO_SERVICE, ({ core }, message, connection) => core.workerMessage(connection, message)),
        ({ core }, _message, connection) => core.clientDisconnected(connection),
        ({ core }, _message, connection) => core.workerDisconnected(connection),
        ({ core }) => core.flush(),
        (world) => {
          world.now += 150;
          world.core.tick(world.now);
        },
      ],
      ({ core }) => {
        for (const worker of core.workers)
          if (worker.held.size < 0) throw new Error("A worker holds less than nothing");
        if (core.unsettled < 0) throw new Error("Less than nothing is unsettled");
      },
      ({ core }) => {
        const hello = { type: "hello", runId: "", peerId: "p", taskType: "a", held: [] } as const;
        core.clientMessage("c0", { ...hello, role: "serviceclient" });
        core.workerMessage("c0", { ...hello, role: "serviceworker" });
      },
    );
  });

  test("the service worker's", () => {
    const port = {
      send: nothing,
      begin: nothing,
      abandon: () => true,
      work: nothing,
      flushSoon: nothing,
      flushLater: nothing,
      over: nothing,
      note: nothing,
    };
    const options = { workerId: "w0", taskType: "a", concurrency: 2, peerTimeout: 60_000 };
    fuzz(
      () => ({ core: new ServiceWorkerCore(options, port), now: 0 }),
      [
        heard(SERVICE_TO_WORKER, ({ core }, message) => core.message({ ...message, runId: "run" })),
        heard(SERVICE_TO_WORKER, ({ core }, message) => core.message(message)),
        ({ core }) => core.disconnected(),
        ({ core }) => core.connected(),
        ({ core }) => core.initialised(),
        ({ core, now }) => {
          const execution = core.next();
          if (execution !== undefined) core.finished(execution, { ok: true, payload: EMPTY }, 1, now);
        },
        ({ core }) => core.flush(),
        (world) => {
          world.now += 150;
          world.core.tick(world.now);
        },
      ],
      nothing,
      ({ core }) => core.connected(),
    );
  });

  test("the client's: and every request ends once", () => {
    const port = { send: nothing, flushSoon: nothing, note: nothing };
    fuzz(
      () => ({ core: new ServiceClientCore({ clientId: "c", endpoint: "front" }, port), now: 0, ended: [0] }),
      [
        heard(SERVICE_TO_CLIENT, ({ core }, message) => core.message({ ...message, runId: "run" })),
        heard(SERVICE_TO_CLIENT, ({ core }, message) => core.message(message)),
        ({ core, ended }) => {
          const number = ended.push(0) - 1;
          const settle = () => {
            ended[number] = (ended[number] ?? 0) + 1;
          };
          core.request({
            taskType: "a",
            payload: EMPTY,
            context: "",
            idempotent: number % 2 === 0,
            timeout: 1000,
            settle,
          });
          core.flush();
        },
        ({ core }) => core.disconnected(),
        ({ core }) => core.connected(),
        (world) => {
          world.now += 150;
          world.core.tick(world.now);
        },
      ],
      ({ ended }) => {
        if (ended.some((times) => times > 1)) throw new Error("A request ended twice");
      },
      ({ core }) => core.connected(),
    );
  });
});

test("the check that the fuzzer relies on sees a count that is wrong", () => {
  const { core } = makeDistributor();
  for (const task of core.tasks) task.counts.items = 1;
  expect(() => checkInvariants(core, 1)).toThrow("every item is acked, failed or in the ledger");
});
