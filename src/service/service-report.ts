import type { BrokerCore } from "../core/service/broker-core.ts";
import type { BrokerWorkerPhase } from "../core/service/broker-worker.ts";
import { type ProcessReport, processReport } from "../role/inspection.ts";
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
  readonly status: ServiceStatus;
  readonly workers: readonly ServiceWorkerReport[];
}

export function reportService(
  core: BrokerCore,
  runId: string,
  status: ServiceStatus,
  startedAt: number,
): ServiceReport {
  const workers = [...core.workers].map(({ id, type, phase, concurrency, held, isSilent, failures }) => ({
    id,
    taskType: type.name,
    phase,
    concurrency,
    held: held.size,
    isBlocked: isSilent,
    failures,
  }));
  return { kind: "service", ...processReport(startedAt), runId, status, workers };
}
