import { ServiceWorkerCore } from "../../src/core/service-worker/service-worker-core.ts";
import { SERVICE_TO_WORKER } from "../../src/protocol/message.ts";
import { type Host, runOn, tickOn } from "../../src/testing/simulator/host.ts";
import { inDirection } from "../../src/testing/simulator/in-direction.ts";
import type { Network } from "../../src/testing/simulator/network.ts";
import type { Random } from "../../src/testing/simulator/random.ts";
import type { Timeline } from "../../src/testing/simulator/timeline.ts";
import type { ServiceWorldOptions } from "./service-world-options.ts";

export interface ServiceWorkerSetting {
  readonly timeline: Timeline;
  readonly network: Network;
  readonly random: Random;
  readonly host: Host;
  readonly workerId: string;
  readonly options: ServiceWorldOptions;
  executed(id: string): void;
  count(event: string): void;
  /** Kills this worker, and has it replaced. */
  kill(): void;
}

/** Starts a service worker's process: the real core on the simulated network, with a handler that returns its payload. */
export function startServiceWorker(setting: ServiceWorkerSetting): void {
  const { timeline, network, random, host, workerId, options } = setting;
  const { concurrency = 1 } = options;
  let busy = 0;
  const work = () => {
    while (host.alive && busy < concurrency) {
      const execution = core.next();
      if (execution === undefined) break;
      busy += 1;
      setting.executed(`${execution.sourceId}/${execution.seq}`);
      const service = random.between(0, options.service);
      runOn(timeline, host, service, () => {
        busy -= 1;
        if (execution.sourceId === "client0" && options.poison?.includes(execution.seq))
          return setting.kill();
        core.finished(execution, { ok: true, payload: execution.payload }, service, timeline.now);
        work();
      });
    }
    core.rest();
  };
  const core = new ServiceWorkerCore(
    { workerId, taskType: "t", concurrency, peerTimeoutMs: Number.POSITIVE_INFINITY },
    {
      send: (message) => link.send(message),
      begin: () => runOn(timeline, host, random.between(0, 20), () => core.initialised()),
      abandon: () => true,
      work,
      flushSoon: () => runOn(timeline, host, 0, () => core.flush()),
      flushLater: () => runOn(timeline, host, 1, () => core.flush()),
      over: () => {},
      note: (event) => setting.count(event),
    },
  );
  const link = network.connect("back", {
    host,
    onConnected: () => core.connected(),
    onDisconnected: () => core.disconnected(),
    onMessage: (message) => core.message(inDirection(SERVICE_TO_WORKER, message)),
  });
  tickOn(timeline, host, (now) => core.tick(now));
}
