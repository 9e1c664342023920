/**
 * Shows how a run stands on stderr: one line that is rewritten in a terminal, else a plain line every second.
 *
 * @param read - Called for the current state.
 * @returns Call it at the end of the run.
 */
export function showProgress(read) {
  const { isTTY } = process.stderr;
  const startedAt = performance.now();
  let last = "";
  const show = () => {
    const line = describe(read(), (performance.now() - startedAt) / 1000);
    if (isTTY) process.stderr.write(`\r\x1b[K${line}`);
    else if (line !== last) process.stderr.write(`${line}\n`);
    last = line;
  };
  const timer = setInterval(show, isTTY ? 100 : 1000);
  return () => {
    clearInterval(timer);
    show();
    if (isTTY) process.stderr.write("\n");
  };
}

function describe({ workers, tasks }, seconds) {
  let done = 0;
  const parts = Object.entries(tasks).map(([name, task]) => {
    done += task.acked;
    const total = task.phase === "open" ? `${task.items}+` : String(task.items);
    return task.phase === "blocked"
      ? `${name} waits`
      : `${name} ${task.acked}/${total}${task.failed > 0 ? `, ${task.failed} failed` : ""}`;
  });
  return `${parts.join("  |  ")}  |  ${Math.round(done / seconds)} items/s  |  ${workers} workers`;
}
