/** What became of a service's requests. */
export interface ServiceSummary {
  /** Requests that have arrived. */
  readonly requests: number;
  /** Answered by a handler. */
  readonly replied: number;
  /** Failed in a handler, or by a worker that gave up on the handler. */
  readonly failed: number;
  /** Not executed: the queue was full, there was no worker, or the service was stopping. */
  readonly refused: number;
  /** Failed because their worker was lost, or had not finished when the service ended: they may have run. */
  readonly lost: number;
  /** Timed out, aborted, or left behind by a client that is gone. */
  readonly cancelled: number;
}

/** The state of one task type. */
export interface ServiceTypeStatus {
  /** Connected workers. */
  readonly workers: number;
  /** Requests that wait for a worker. */
  readonly queued: number;
  /** Requests with a worker. */
  readonly running: number;
}

/** The state of a service now. */
export interface ServiceStatus extends ServiceSummary {
  readonly clients: number;
  readonly types: Readonly<Record<string, ServiceTypeStatus>>;
}
