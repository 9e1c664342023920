/** What a process that starts worker processes knows of them. Absent where the workers run on other machines. */
export interface OwnedWorkers {
  /** Whether a worker is on its way: its process loads its module, or is about to be started again. */
  isComing(): boolean;
  /** How a worker's process ended, in words, with its last output; undefined while the process is not known to have ended. */
  endOf(workerId: string): string | undefined;
}
