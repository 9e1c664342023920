/** What is known of one item, wherever it is: what a journal keeps of it. */
export interface ItemHistory {
  readonly seq: number;
  readonly payload: Uint8Array;
  /** Number of the latest grant; 0 before the first. */
  attempt: number;
  /** Executions that ended in a FAIL that counted. */
  failures: number;
  /** The attempt whose FAIL counted last. A worker that reports this attempt has nothing of the item left to execute. */
  failedAttempt: number;
  /** Workers that were lost while they held this item alone, so that nothing else can have been the cause. */
  losses: number;
}
