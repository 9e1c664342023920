/** How fast a task goes. A process that takes a run up from its journal measures only what happens in that process. */
export interface TaskPace {
  /** The part of `acked`, `failed` and `retried` that was counted before this process took the run up from its journal; 0 without a journal. */
  readonly earlier: { readonly acked: number; readonly failed: number; readonly retried: number };
  /** Items that there are in all, skipped ones included: their number once all are produced, and before that the task's `total`. */
  readonly expected: number | undefined;
  /** Time since the task's first item was given to a worker in this process, or from there to the task's end, in ms; 0 before. */
  readonly duration: number;
  /** Items settled a second: of late while the task runs, and over its whole `duration` at the end; undefined before the first. */
  readonly rate: number | undefined;
  /** Time until the task is complete, in ms, by the rate of late; undefined where that is unknown, or nothing is settled any more. */
  readonly timeLeft: number | undefined;
  /** For how long no item has been settled, in ms, if that is far longer than usual: the items that run now may hang. */
  readonly stalled: number | undefined;
}
