import type {
  Ack,
  Assigned,
  Blocked,
  End,
  Fail,
  Failed,
  Grant,
  Hello,
  Metadata,
  Open,
  Produced,
  Ready,
  Recall,
  Refuse,
  Result,
  Returned,
  Revoke,
  Signal,
  Welcome,
} from "./batch-message.ts";
import type { ConnectionMessage } from "./connection-message.ts";
import { Direction } from "./direction.ts";
import type { Inspect, Report } from "./inspection-message.ts";
import type { Assign, Cancel, Reply, Request, RequestFailures } from "./service-message.ts";

// --- batches: distributor, workers, collector ---------------------------------------------------------------------------

/** A worker's watching thread sends `blocked` on a connection of its own, without a hello. */
export type WorkerToDistributor = Hello | Ready | Fail | Returned | Blocked | Signal<"pong"> | Signal<"bye">;
export const WORKER_TO_DISTRIBUTOR = Direction.of<WorkerToDistributor>({
  hello: true,
  ready: true,
  fail: true,
  returned: true,
  blocked: true,
  pong: true,
  bye: true,
});

export type DistributorToWorker =
  | Welcome
  | Refuse
  | Grant
  | Recall
  | Revoke
  | End
  | Signal<"resend">
  | Signal<"ping">;
export const DISTRIBUTOR_TO_WORKER = Direction.of<DistributorToWorker>({
  welcome: true,
  refuse: true,
  grant: true,
  recall: true,
  revoke: true,
  end: true,
  resend: true,
  ping: true,
});

export type WorkerToCollector = Hello | Result;
export const WORKER_TO_COLLECTOR = Direction.of<WorkerToCollector>({ hello: true, result: true });

export type CollectorToWorker = Welcome | Refuse;
export const COLLECTOR_TO_WORKER = Direction.of<CollectorToWorker>({ welcome: true, refuse: true });

/** Sent to the collector's own endpoint, which receives results, too. */
export type DistributorToCollector = Open | Produced | Assigned | Failed | End | Signal<"bye">;
export const DISTRIBUTOR_TO_COLLECTOR = Direction.of<DistributorToCollector>({
  open: true,
  produced: true,
  assigned: true,
  failed: true,
  end: true,
  bye: true,
});

/** Sent back on the same connection. `ended` comes here only when there is no ACK link. */
export type CollectorToDistributor = Welcome | Refuse | Signal<"ended"> | Signal<"ping">;
export const COLLECTOR_TO_DISTRIBUTOR = Direction.of<CollectorToDistributor>({
  welcome: true,
  refuse: true,
  ended: true,
  ping: true,
});

/** Sent on the ACK link, a connection to the collector's second endpoint. */
export type DistributorToAckLink = Hello;
export const DISTRIBUTOR_TO_ACK_LINK = Direction.of<DistributorToAckLink>({ hello: true });

export type AckLinkToDistributor = Welcome | Refuse | Ack | Signal<"ended"> | Signal<"ping">;
export const ACK_LINK_TO_DISTRIBUTOR = Direction.of<AckLinkToDistributor>({
  welcome: true,
  refuse: true,
  ack: true,
  ended: true,
  ping: true,
});

export type MetadataToDistributor = Hello | Metadata;
export const METADATA_TO_DISTRIBUTOR = Direction.of<MetadataToDistributor>({ hello: true, metadata: true });

export type DistributorToMetadata = Welcome | Refuse | Signal<"accepted">;
export const DISTRIBUTOR_TO_METADATA = Direction.of<DistributorToMetadata>({
  welcome: true,
  refuse: true,
  accepted: true,
});

// --- services -----------------------------------------------------------------------------------------------------------

export type ClientToService = Hello | Request | Cancel | Signal<"bye">;
export const CLIENT_TO_SERVICE = Direction.of<ClientToService>({
  hello: true,
  request: true,
  cancel: true,
  bye: true,
});

export type ServiceToClient = Welcome | Refuse | Reply | RequestFailures | End | Signal<"ping">;
export const SERVICE_TO_CLIENT = Direction.of<ServiceToClient>({
  welcome: true,
  refuse: true,
  reply: true,
  failure: true,
  end: true,
  ping: true,
});

/** A worker's watching thread sends `blocked` on a connection of its own, without a hello. */
export type WorkerToService = Hello | Ready | Reply | RequestFailures | Returned | Blocked | Signal<"bye">;
export const WORKER_TO_SERVICE = Direction.of<WorkerToService>({
  hello: true,
  ready: true,
  reply: true,
  failure: true,
  returned: true,
  blocked: true,
  bye: true,
});

export type ServiceToWorker = Welcome | Refuse | Assign | Cancel | Recall | End | Signal<"ping">;
export const SERVICE_TO_WORKER = Direction.of<ServiceToWorker>({
  welcome: true,
  refuse: true,
  assign: true,
  cancel: true,
  recall: true,
  end: true,
  ping: true,
});

// --- inspection ---------------------------------------------------------------------------------------------------------

/** Sent to a distributor's task endpoints, to a service's two endpoints, and to a collector, which refuses it. */
export type InspectorToRole = Inspect;
export const INSPECTOR_TO_ROLE = Direction.of<InspectorToRole>({ inspect: true });

export type RoleToInspector = Report | Refuse;
export const ROLE_TO_INSPECTOR = Direction.of<RoleToInspector>({ report: true, refuse: true });

/** Any message, of any direction. */
export type Message =
  | WorkerToDistributor
  | DistributorToWorker
  | WorkerToCollector
  | CollectorToWorker
  | DistributorToCollector
  | CollectorToDistributor
  | DistributorToAckLink
  | AckLinkToDistributor
  | MetadataToDistributor
  | DistributorToMetadata
  | ClientToService
  | ServiceToClient
  | WorkerToService
  | ServiceToWorker
  | InspectorToRole
  | RoleToInspector
  | ConnectionMessage;
