import type { WorkerCore } from "../core/worker/worker-core.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { connectedPeer, type PeerState } from "../role/peer-state.ts";

/** The peers that a worker needs. */
export function peersOfWorker(
  host: { readonly endpoint: EndpointAddress; readonly collectorEndpoint: EndpointAddress },
  { present }: WorkerCore,
): PeerState[] {
  return [
    connectedPeer("the distributor", host.endpoint, present.distributor),
    connectedPeer("the collector", host.collectorEndpoint, present.collector),
  ];
}
