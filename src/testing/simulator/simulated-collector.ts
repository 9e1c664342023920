import { CollectorCore } from "../../core/collector/collector-core.ts";
import type { CollectorPort } from "../../core/collector/collector-port.ts";
import type { Delivery } from "../../core/collector/inbox.ts";
import type { Open, RunStatus } from "../../protocol/batch-message.ts";
import {
  DISTRIBUTOR_TO_ACK_LINK,
  DISTRIBUTOR_TO_COLLECTOR,
  WORKER_TO_COLLECTOR,
} from "../../protocol/message.ts";
import { type Host, runOn, tickOn } from "./host.ts";
import { inDirection } from "./in-direction.ts";
import type { Network } from "./network.ts";
import { neverExceeded } from "./never-exceeded.ts";
import type { Timeline } from "./timeline.ts";

export interface CollectorSetting {
  readonly timeline: Timeline;
  readonly network: Network;
  readonly host: Host;
  readonly peerId: string;
  /** A run begins. */
  begin?(open: Open): void;
  /**
   * Handles a delivery, or several.
   *
   * @param more - Gives the next delivery that waits.
   * @param done - To be called with the deliveries that were handled, and the data of each ACK.
   */
  handle(
    delivery: Delivery,
    more: () => Delivery | undefined,
    done: (handled: readonly (readonly [Delivery, Uint8Array])[]) => void,
  ): void;
  /** END has arrived, and all deliveries are handled; `done` is to be called when the collector has finished. */
  finish?(status: RunStatus, done: () => void): void;
  count(event: string, times?: number): void;
  over(error: Error | undefined): void;
}

/** Starts a collector's process: the real core on the simulated network. */
export function startCollector(setting: CollectorSetting): CollectorCore {
  const { timeline, network, host } = setting;
  let busy = false;
  let finish: (() => void) | undefined;
  const work = () => {
    if (!host.alive || busy) return;
    const delivery = core.next();
    if (delivery === undefined) {
      core.idle();
      return finish?.();
    }
    busy = true;
    setting.handle(
      delivery,
      () => core.next(),
      (handled) => {
        busy = false;
        for (const [each, ackData] of handled) core.handled(each, ackData);
        work();
      },
    );
  };
  let over = false;
  let duplicates = 0;
  const port: CollectorPort = {
    toPeer: (connection, message) => toPeer(connection, message),
    toAckLink: (connection, message) => toAck(connection, message),
    begin: (open) => setting.begin?.(open),
    work,
    finish: (status, error) =>
      runOn(timeline, host, 1, () => {
        if (error !== undefined || setting.finish === undefined) return core.finished(error);
        const end = () => {
          finish = undefined;
          setting.finish?.(status, () => core.finished());
        };
        if (busy) finish = end;
        else end();
      }),
    over: (error) => {
      over = true;
      setting.over(error);
    },
    exceeded: neverExceeded,
    refused: (why, _worker, _task, count) => setting.count(`refused results of ${why}`, count),
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
  return core;
}
