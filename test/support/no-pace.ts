import type { TaskPace } from "../../src/distributor/task-pace.ts";

/** The pace of a task that has not begun. */
export const NO_PACE: TaskPace = {
  earlier: { acked: 0, failed: 0, retried: 0 },
  expected: undefined,
  duration: 0,
  rate: undefined,
  timeLeft: undefined,
  stalled: undefined,
};
