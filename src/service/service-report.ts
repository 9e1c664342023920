import type { BrokerCore } from "../core/service/broker-core.ts";
import type { BrokerWorkerPhase } from "../core/service/broker-worker.ts";
import {
  MAX_REPORTED_TYPES,
  type ProcessReport,
  processReport,
  reportedWorkers,
} from "../role/inspection.ts";
import type { ServiceStatus } from "./service-summary.ts";

/** What a service knows about one of its workers. */
export interface ServiceWorkerReport {
  readonly id: string;
  readonly taskType: string;
  /** `new`: being initialised; `ready`: at work; `leaving`: finishing what it has started. */
  readonly phase: BrokerWorkerPhase;
  /** How many requests the worker executes at a time. */
  readonly concurrency: number;
  /** How many requests the worker has. */
  readonly held: number;
  /** The worker does not answer, because a handler blocks its event loop. It gets no request until it answers. */
  readonly isBlocked: boolean;
  /** Requests that have failed since the last that succeeded. From 20 on the worker gets one a second while others work. */
  readonly failures: number;
}

/** A service's answer to a status request. */
export interface ServiceReport extends ProcessReport {
  readonly kind: "service";
  /** The run of the service: each start has its own. */
  readonly runId: string;
  /** `types` has at most 4,096. */
  readonly status: ServiceStatus;
  /** How many task types `status.types` leaves out; absent: none. */
  readonly moreTypes?: number;
  /** At most 1,000: with more, those that are at work and not blocked are left out first. */
  readonly workers: readonly ServiceWorkerReport[];
  /** How many workers `workers` leaves out; absent: none. */
  readonly moreWorkers?: number;
}

export function reportService(
  core: BrokerCore,
  runId: string,
  status: ServiceStatus,
  startedAt: number,
): ServiceReport {
  const { listed, left } = reportedWorkers(
    core.workers,
    ({ phase, isSilent, isDoubtful }) => phase !== "ready" || isSilent || isDoubtful,
  );
  const workers = listed.map(({ id, type, phase, concurrency, held, isSilent, failures }) => ({
    id,
    taskType: type.name,
    phase,
    concurrency,
    held: held.size,
    isBlocked: isSilent,
    failures,
  }));
  const all = Object.entries(status.types);
  const types = Object.fromEntries(all.slice(0, MAX_REPORTED_TYPES));
  return {
    kind: "service",
    ...processReport(startedAt),
    runId,
    status: { ...status, types },
    workers,
    ...(left > 0 ? { moreWorkers: left } : {}),
    ...(all.length > MAX_REPORTED_TYPES ? { moreTypes: all.length - MAX_REPORTED_TYPES } : {}),
  };
}
