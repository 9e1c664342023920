import { CollectorCore } from "../../src/core/collector/collector-core.ts";
import type { CollectorPort } from "../../src/core/collector/collector-port.ts";
import {
  DISTRIBUTOR_TO_ACK_LINK,
  DISTRIBUTOR_TO_COLLECTOR,
  WORKER_TO_COLLECTOR,
} from "../../src/protocol/message.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";
import { inDirection } from "../support/in-direction.ts";
import { type Host, runOn, tickOn } from "./host.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export interface CollectorSetting {
  readonly timeline: Timeline;
  readonly network: Network;
  readonly random: Random;
  readonly host: Host;
  readonly peerId: string;
  /** How often the handler got each item. */
  readonly seen: Map<string, number>;
  failed(id: string, failure: { readonly attempts: number; readonly code: string }): void;
  count(event: string, times?: number): void;
  over(): void;
}

/** Starts a collector's process: the real core on the simulated network, with a handler that notes each item. */
export function startCollector(setting: CollectorSetting): void {
  const { timeline, network, random, host, seen } = setting;
  let busy = false;
  const work = () => {
    if (!host.alive || busy) return;
    const delivery = core.next();
    if (delivery === undefined) return core.idle();
    busy = true;
    runOn(timeline, host, random.between(0, 0.2), () => {
      busy = false;
      const id = `${delivery.task}${delivery.seq}`;
      if (delivery.error === undefined) seen.set(id, (seen.get(id) ?? 0) + 1);
      else setting.failed(id, { attempts: delivery.attempt, code: delivery.error.code });
      core.handled(delivery, EMPTY);
      work();
    });
  };
  let over = false;
  let duplicates = 0;
  const port: CollectorPort = {
    toPeer: (connection, message) => toPeer(connection, message),
    toAckLink: (connection, message) => toAck(connection, message),
    begin: () => {},
    work,
    finish: () => runOn(timeline, host, 1, () => core.finished()),
    over: () => {
      over = true;
      setting.over();
    },
    note: (event) => setting.count(event),
  };
  const core = new CollectorCore({ peerId: setting.peerId, peerTimeoutMs: 60_000 }, port);
  const toPeer = network.listen("collector", {
    host,
    onMessage: (connection, message) =>
      core.peerMessage(connection, inDirection(WORKER_TO_COLLECTOR.and(DISTRIBUTOR_TO_COLLECTOR), message)),
    onDisconnected: (connection) => core.disconnected("data", connection),
    onSomeDisconnected: () => core.probe(),
  });
  const toAck = network.listen("ack", {
    host,
    onMessage: (connection, message) =>
      core.ackLinkMessage(connection, inDirection(DISTRIBUTOR_TO_ACK_LINK, message)),
    onDisconnected: (connection) => core.disconnected("ack", connection),
    onSomeDisconnected: () => core.probe(),
  });
  tickOn(
    timeline,
    host,
    (now) => {
      setting.count("duplicates", core.duplicates - duplicates);
      duplicates = core.duplicates;
      core.tick(now);
    },
    () => over,
  );
}
