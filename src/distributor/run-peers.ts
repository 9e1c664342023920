import type { DistributorCore } from "../core/distributor/distributor-core.ts";
import { connectedPeer, expectedPeer, type PeerState } from "../role/peer-state.ts";
import type { ResolvedDistributorOptions } from "./distributor-options.ts";
import type { RegisteredTask } from "./task.ts";

/** Where the collector listens for results, and where it sends ACKs. */
export function collectorAddresses(options: ResolvedDistributorOptions): string[] {
  return [options.collectorEndpoint.address, options.collectorAckEndpoint.address];
}

/**
 * The peers that a run needs now: its collector, the metadata, and workers for the tasks that have begun.
 *
 * @param hasMetadata - Whether the metadata are there, if the run waits for some.
 */
export function peersOfRun(
  core: DistributorCore | undefined,
  tasks: readonly RegisteredTask[],
  { collectorEndpoint, metadataEndpoint }: ResolvedDistributorOptions,
  hasMetadata = false,
): PeerState[] {
  const ledgers = [...(core?.tasks ?? [])];
  const hasCollector = core?.view.collectorMissingMs === undefined && core !== undefined;
  const open = ledgers.filter(({ phase }) => phase === "open" || phase === "exhausted");
  return [
    connectedPeer("the collector", collectorEndpoint, hasCollector),
    ...(metadataEndpoint === undefined
      ? []
      : [expectedPeer("the metadata worker", metadataEndpoint, hasMetadata)]),
    ...open.flatMap(({ name, workers }) => {
      const endpoint = tasks.find(({ taskType }) => taskType.name === name)?.endpoint;
      const peer = `a worker of ${name}`;
      return endpoint === undefined ? [] : [expectedPeer(peer, endpoint, workers.size > 0)];
    }),
  ];
}
