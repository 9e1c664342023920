import type { BrokerCore } from "../core/service/broker-core.ts";
import type { BrokerWorkerPhase } from "../core/service/broker-worker.ts";
import { type ProcessReport, processReport } from "../role/inspection.ts";
import type { ServiceStatus } from "./service-summary.ts";

/** One worker, as its service sees it. */
export interface ServiceWorkerReport {
  readonly id: string;
  readonly taskType: string;
  /** Being initialised; at work; ending. */
  readonly phase: BrokerWorkerPhase;
  /** Requests it executes at a time. */
  readonly concurrency: number;
  /** Requests it has. */
  readonly held: number;
  /** It does not answer, because a handler blocks its event loop; it gets nothing until it does. */
  readonly isBlocked: boolean;
  /** Requests that have failed since the last that succeeded. From 20 on it gets one a second, while there are others. */
  readonly failures: number;
}

/** A service's answer to a status request. */
export interface ServiceReport extends ProcessReport {
  readonly kind: "service";
  /** One life of the service. */
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
