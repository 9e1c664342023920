/** How many tasks are shown where no terminal says how many have room. */
export const MOST_TASKS = 20;

/**
 * The tasks that are shown of a run with many: those with the lowest rank, in their own order.
 *
 * @param rankOf - A task's rank: what needs attention has the lowest.
 * @param room - How many are shown at most.
 */
export function chosenTasks<T>(
  tasks: readonly T[],
  rankOf: (task: T) => number,
  room: number,
): { readonly shown: readonly T[]; readonly rest: readonly T[] } {
  if (tasks.length <= room) return { shown: tasks, rest: [] };
  const ranked = [...tasks].sort((one, other) => rankOf(one) - rankOf(other)); // stable
  const chosen = new Set(ranked.slice(0, room));
  return { shown: tasks.filter((task) => chosen.has(task)), rest: ranked.slice(room) };
}

/** `and 12 more tasks` */
export function moreTasks(number: number): string {
  return `and ${number.toLocaleString("en")} more task${number === 1 ? "" : "s"}`;
}
