import type { RunProgress, TaskProgress } from "../distributor/run-summary.ts";

/** A task's progress as one line: done and total, rate, time left, items in flight, workers, and how many items were retried, skipped and failed. */
export function taskLine(name: string, task: TaskProgress, rate: number | undefined, width: number): string {
  const { phase, total, acked, failed, retried, skipped, inFlight, workers, waitsFor } = task;
  const label = name.padEnd(width);
  if (phase === "blocked") return `${label}  waits for ${waitsFor.join(", ")}`;
  const done = acked + failed + skipped;
  // Once all items are produced, their number is known.
  const known = phase === "exhausted" || phase === "complete" ? task.items + skipped : total;
  const share = known === undefined || known === 0 ? "" : ` (${Math.floor((100 * done) / known)} %)`;
  const parts = [`${count(done)}${known === undefined ? "" : `/${count(known)}`}${share}`];
  if (phase === "complete") parts.push("done");
  else {
    if (rate !== undefined) parts.push(`${count(rate)}/s`);
    if (known !== undefined && rate !== undefined && rate > 0)
      parts.push(`${duration(((known - done) / rate) * 1000)} left`);
    parts.push(`${count(inFlight)} in flight`, counted(workers, "worker"));
  }
  if (retried > 0) parts.push(`${count(retried)} retried`);
  if (skipped > 0) parts.push(`${count(skipped)} skipped`);
  if (failed > 0) parts.push(`${count(failed)} failed`);
  return `${label}  ${parts.join("  ")}`;
}

/** Recent items per second of each task: a moving average whose weight halves every second. */
export class Rates {
  readonly #last = new Map<string, Look>();

  /** @param now - In ms. @returns The rate of each task; `undefined` for a task that is seen for the first time. */
  update({ tasks }: RunProgress, now: number): ReadonlyMap<string, number | undefined> {
    for (const [name, { acked, failed }] of Object.entries(tasks)) {
      const last = this.#last.get(name) ?? { at: now, done: acked + failed, rate: undefined };
      const seconds = (now - last.at) / 1000;
      const done = acked + failed;
      if (seconds > 0) {
        const fresh = (done - last.done) / seconds;
        const weight = last.rate === undefined || last.rate === 0 ? 1 : 1 - 0.5 ** seconds;
        const before = last.rate ?? 0;
        this.#last.set(name, { at: now, done, rate: before + (fresh - before) * weight });
      } else this.#last.set(name, last);
    }
    return new Map([...this.#last].map(([name, { rate }]) => [name, rate]));
  }
}

interface Look {
  readonly at: number;
  readonly done: number;
  readonly rate: number | undefined;
}

/** Cuts a line so that it fits into one row of a terminal with `columns` columns. */
export function truncate(line: string, columns: number): string {
  return line.length < columns ? line : `${line.slice(0, columns - 2)}…`;
}

/** A number with thousands separators. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** A number of things: `1 item`, `2,000 items`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${Math.round(value) === 1 ? "" : "s"}`;
}

/** A time in words, with two or three significant digits. */
export function duration(ms: number): string {
  if (ms < 1) return `${Number((ms * 1000).toPrecision(2))} µs`;
  if (ms < 1000) return `${Number(ms.toPrecision(3))} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
