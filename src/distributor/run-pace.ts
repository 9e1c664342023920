import type { TaskLedger } from "../core/distributor/task-ledger.ts";
import { PaceMeter } from "./pace-meter.ts";
import type { RegisteredTask } from "./task.ts";
import type { TaskPace } from "./task-pace.ts";

/** Measures how fast each task of a run goes in this process. */
export class RunPace {
  readonly #meters = new Map<string, PaceMeter>();
  /** Tasks whose first item is not with a worker yet. */
  readonly #waiting: Set<TaskLedger>;
  readonly #tasks: readonly RegisteredTask[];

  /** @param tasks - The user's tasks, of which some say how many items they will have. */
  constructor(ledgers: Iterable<TaskLedger>, tasks: readonly RegisteredTask[]) {
    this.#waiting = new Set(ledgers);
    this.#tasks = tasks;
    for (const { name } of this.#waiting) this.#meters.set(name, new PaceMeter());
  }

  /** How many items a task says that it will have. */
  totalOf({ name }: TaskLedger): number | undefined {
    return this.#tasks.find(({ taskType }) => taskType.name === name)?.total;
  }

  /** Items are being granted. */
  granting(now: number): void {
    for (const task of this.#waiting) {
      if (task.phase === "blocked" || !hasItemsOut(task)) continue;
      this.#waiting.delete(task);
      this.#meters.get(task.name)?.began(now);
    }
  }

  /** Call it often: the rates follow from what has changed. */
  look(tasks: Iterable<TaskLedger>, now: number): void {
    for (const task of tasks) this.#meters.get(task.name)?.look(now, settledHere(task));
  }

  /** The task is over, or its run is. */
  ended(task: TaskLedger, now: number): void {
    this.#meters.get(task.name)?.ended(now, settledHere(task));
  }

  of(task: TaskLedger, now: number): TaskPace {
    const { acked, failed, skipped, items } = task.counts;
    const hasProducedAll = task.producedAll && !task.isCutShort;
    const expected = hasProducedAll ? items + skipped : this.totalOf(task);
    const left = expected === undefined ? undefined : Math.max(0, expected - acked - failed - skipped);
    const meter = this.#meters.get(task.name) ?? new PaceMeter();
    return { earlier: task.earlier, expected, ...meter.pace(now, settledHere(task), left) };
  }
}

function hasItemsOut({ workers }: TaskLedger): boolean {
  for (const { held } of workers) if (held > 0) return true;
  return false;
}

/** Items that were settled in this process. */
function settledHere({ counts, earlier }: TaskLedger): number {
  return counts.acked + counts.failed - earlier.acked - earlier.failed;
}
