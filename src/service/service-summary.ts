/** What became of a service's requests. */
export interface ServiceSummary {
  /** Requests that arrived. */
  readonly requests: number;
  /** Answered by a handler. */
  readonly replied: number;
  /** Failed by a handler, or by a worker that gave its handler up. */
  readonly failed: number;
  /** Not executed: the queue was full, no worker came, the service was stopping. */
  readonly refused: number;
  /** Failed because their worker was lost, or did not end in time: they may have run. */
  readonly lost: number;
  /** Not waited for any longer: timed out, aborted, or their client vanished. */
  readonly cancelled: number;
}

/** How one task type stands. */
export interface ServiceTypeStatus {
  /** Workers that are connected. */
  readonly workers: number;
  /** Requests that wait for a worker. */
  readonly queued: number;
  /** Requests with a worker. */
  readonly running: number;
}

/** How a service stands now. */
export interface ServiceStatus extends ServiceSummary {
  readonly clients: number;
  readonly types: Readonly<Record<string, ServiceTypeStatus>>;
}
