import { describe, test } from "vitest";
import { BrokerCore } from "../../../src/core/service/broker-core.ts";
import { ServiceClientCore } from "../../../src/core/service-client/service-client-core.ts";
import { ServiceWorkerCore } from "../../../src/core/service-worker/service-worker-core.ts";
import {
  CLIENT_TO_SERVICE,
  SERVICE_TO_CLIENT,
  SERVICE_TO_WORKER,
  WORKER_TO_SERVICE,
} from "../../../src/protocol/message.ts";
import { EMPTY } from "../../../src/protocol/wire/payload-frames.ts";
import { fuzz, heard, nothing, sent } from "./fuzz.ts";

describe("Arbitrary messages to a service core", () => {
  test("The service's state machine neither throws nor loses count", () => {
    const port = {
      toClient: sent,
      toWorker: sent,
      flushSoon: nothing,
      over: nothing,
      exceeded: nothing,
      note: nothing,
    };
    const options = {
      runId: "run",
      peerId: "s",
      maxQueue: 10,
      maxQueueBytes: 100,
      workerTimeoutMs: 1000,
      crashLimit: 2,
      endWorkers: true,
      endTimeoutMs: 100,
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
        const hello = { type: "hello", runId: "", peerId: "p", taskType: "a", ticket: "", held: [] } as const;
        core.clientMessage("c0", { ...hello, role: "serviceclient" });
        core.workerMessage("c0", { ...hello, role: "serviceworker" });
      },
    );
  });

  test("The service worker's state machine does not throw", () => {
    const port = {
      send: sent,
      begin: nothing,
      abandon: () => true,
      work: nothing,
      flushSoon: nothing,
      flushLater: nothing,
      over: nothing,
      note: nothing,
    };
    const options = { workerId: "w0", taskType: "a", concurrency: 2, peerTimeoutMs: 60_000 };
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

  test("The client's state machine does not throw, and ends every request once", () => {
    const port = { send: sent, flushSoon: nothing, note: nothing };
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
            timeoutMs: 1000,
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
