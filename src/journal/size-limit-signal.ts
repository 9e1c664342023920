/** How many journals are open in this process. */
let holders = 0;

/**
 * Keeps the signal SIGXFSZ from ending the process while a journal is open: a write beyond the limit of file sizes (`ulimit -f`) then
 * fails with an error, so that the run can say why it ends.
 *
 * @returns Ends that. Call it once.
 */
export function withoutSizeLimitSignal(): () => void {
  if (holders === 0) process.on("SIGXFSZ", ignore);
  holders += 1;
  return () => {
    holders -= 1;
    if (holders === 0) process.off("SIGXFSZ", ignore);
  };
}

function ignore(): void {}
