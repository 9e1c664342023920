/** What whoever starts the workers' processes knows of them; nobody does where they are on other machines. */
export interface OwnedWorkers {
  /** Whether a worker is on its way: its process loads its module, or is about to be started again. */
  isComing(): boolean;
  /** How a worker's process ended, in words, with what it wrote last; nothing while it is not known to have ended. */
  endOf(workerId: string): string | undefined;
}
