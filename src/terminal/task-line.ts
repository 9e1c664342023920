import type { TaskProgress } from "../distributor/run-summary.ts";
import { bar } from "./bar.ts";
import type { Paint } from "./colours.ts";
import { type Column, type ElasticColumn, joinColumns } from "./columns.ts";
import { clock, count, counted, duration } from "./quantities.ts";
import { padded, truncated, widthOf } from "./text-width.ts";

/** Width of a bar in columns. */
const BAR = { least: 8, most: 30 } as const;

/** A time left below this, in ms, is not told. */
const LEAST_LEFT_MS = 100;

/** How much of a line a task's name may take. */
const NAME_SHARE = 1 / 3;

/** Columns in their order of importance: the last are left out first. */
const ORDER = [
  "name",
  "counts",
  "failed",
  "noWorker",
  "elapsed",
  "bar",
  "left",
  "rate",
  "workers",
  "inFlight",
  "retried",
  "skipped",
] as const;

/** How a line is laid out. */
export interface LineLayout {
  /** The name is filled up to this width. */
  readonly nameWidth: number;
  /** How many columns of a terminal the line may take; `Infinity` where it is no terminal. */
  readonly width: number;
  readonly hasBar: boolean;
  readonly paint: Paint;
}

/** The width that the names of tasks take at most in lines of `width` columns. */
export function nameWidthOf(names: readonly string[], width: number): number {
  const most = Math.max(8, Math.floor(width * NAME_SHARE));
  return Math.max(0, ...names.map((name) => widthOf(truncated(name, most))));
}

/** A task's progress as one line: what failed, a bar, done and total, rate, time left, time passed, items in flight, workers, retried and skipped items. */
export function taskLine(name: string, task: TaskProgress, layout: LineLayout): string {
  const { width, paint } = layout;
  const label = padded(truncated(name, layout.nameWidth), layout.nameWidth);
  const columns =
    task.phase === "blocked"
      ? [waitingColumn(task, width - layout.nameWidth - 2)]
      : workColumns(task, layout);
  return joinColumns([column("name", label, "bold"), ...columns], width, paint).trimEnd();
}

function waitingColumn({ waitsFor }: TaskProgress, room: number): Column {
  return column("counts", truncated(`waits for ${waitsFor.join(", ")}`, room), "dim");
}

function workColumns(task: TaskProgress, { hasBar, paint }: LineLayout): (Column | ElasticColumn)[] {
  const { phase, acked, failed, retried, skipped, inFlight, workers, pace } = task;
  const done = acked + failed + skipped;
  const { rate, timeLeft, stalled } = pace;
  // A task may have more items than it said, and a journal more than the inputs of now.
  const expected = pace.expected !== undefined && done > pace.expected ? undefined : pace.expected;
  const isOver = phase === "complete" || phase === "stopped";
  const columns: (Column | ElasticColumn | undefined)[] = [
    failed > 0 ? column("failed", `${count(failed)} failed`, "red") : undefined,
    hasBar && expected !== undefined && expected > 0
      ? {
          importance: importanceOf("bar"),
          minWidth: BAR.least,
          maxWidth: BAR.most,
          draw: (width) => bar({ done: acked + skipped, failed, total: expected }, width, paint),
        }
      : undefined,
    column("counts", `${phase === "stopped" ? "stopped at " : ""}${countsText(done, expected)}`),
  ];
  if (phase === "complete") columns.push(column("left", "done", "green"));
  else if (phase !== "stopped") {
    if (rate !== undefined) columns.push(column("rate", `${count(rate)}/s`));
    if (stalled !== undefined)
      columns.push(column("left", `nothing done for ${duration(stalled)}`, "yellow"));
    else if (timeLeft !== undefined && timeLeft >= LEAST_LEFT_MS)
      columns.push(column("left", `${duration(timeLeft)} left`));
  }
  if (pace.duration > 0) columns.push(column("elapsed", clock(pace.duration), "dim"));
  if (!isOver) {
    columns.push(column("inFlight", `${count(inFlight)} in flight`));
    columns.push(
      workers === 0
        ? column("noWorker", "no worker", "yellow")
        : column("workers", counted(workers, "worker")),
    );
  }
  if (retried > 0) columns.push(column("retried", `${count(retried)} retried`));
  if (skipped > 0) columns.push(column("skipped", `${count(skipped)} skipped`));
  return columns.filter((each) => each !== undefined);
}

function countsText(done: number, known: number | undefined): string {
  if (known === undefined) return count(done);
  const share = known === 0 ? "" : ` (${Math.floor((100 * done) / known)} %)`;
  return `${count(done)}/${count(known)}${share}`;
}

function column(kind: (typeof ORDER)[number], text: string, style?: Column["style"]): Column {
  return { text, importance: importanceOf(kind), ...(style === undefined ? {} : { style }) };
}

function importanceOf(kind: (typeof ORDER)[number]): number {
  return ORDER.length - ORDER.indexOf(kind);
}
