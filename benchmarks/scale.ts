// How efficient are runs with 1 to 512 workers whose handlers wait, and how much processor time does an item cost the distributor? And how fast are
// 100 task types, side by side and in one chain of dependencies?
import { measureAll, type Program } from "./support/children.ts";
import { median, printTable, saveResults, whole } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const ROUNDS = option("rounds", 3, 1);
/** Items for each worker. */
const ITEMS = option("items", 60, 10);
/** How long an item waits. */
const SLEEP_MS = 50;
const TASKS = option("tasks", 100, 10);

/** How many workers share a process: 512 processes would take more memory than most machines have. */
const PER_PROCESS = 64;

interface Measured {
  readonly ms: number;
  /** Processor time of the distributor, in µs. */
  readonly cpu?: number;
}

async function withWorkers(workers: number): Promise<Measured> {
  const programs: Program[] = [["collector.ts"]];
  for (let left = workers; left > 0; left -= PER_PROCESS) {
    programs.push(["many-workers.ts", Math.min(left, PER_PROCESS)]);
  }
  programs.push(["distributor.ts", workers * ITEMS, workers, SLEEP_MS, 0]);
  return (await measureAll<Measured>(programs)).at(-1) as Measured;
}

async function withTasks(shape: "flat" | "chain", items: number): Promise<Measured> {
  const programs: Program[] = [
    ["collector.ts"],
    ["many-workers.ts", TASKS, "task"],
    ["tasks-distributor.ts", TASKS, items, shape],
  ];
  return (await measureAll<Measured>(programs)).at(-1) as Measured;
}

const fleets = [1, 2, 4, 8, 64, 512].map((workers) => ({ workers, run: () => withWorkers(workers) }));
const graphs = [
  {
    name: `${TASKS} task types side by side, 1,000 items each`,
    items: 1000,
    run: () => withTasks("flat", 1000),
  },
  { name: `${TASKS} task types in a chain, 10 items each`, items: 10, run: () => withTasks("chain", 10) },
];
const measured = await sideBySide(
  ROUNDS,
  [...fleets, ...graphs].map(({ run }) => run),
);
const workers = fleets.map((fleet, index) => {
  const rounds = measured[index] ?? [];
  const ms = median(rounds.map((round) => round.ms));
  const items = fleet.workers * ITEMS;
  return {
    workers: fleet.workers,
    items,
    rounds,
    efficiency: (ITEMS * SLEEP_MS) / ms,
    itemsPerSecond: (items / ms) * 1000,
    cpuPerItem: median(rounds.map(({ cpu = 0 }) => cpu / items)),
  };
});
const tasks = graphs.map(({ name, items }, index) => {
  const ms = (measured[fleets.length + index] ?? []).map((round) => round.ms);
  return { name, ms, itemsPerSecond: ((TASKS * items) / median(ms)) * 1000, msPerTask: median(ms) / TASKS };
});
printTable(
  ["workers, items that wait 50 ms", "items/s", "efficiency", "distributor CPU per item"],
  workers.map((fleet) => [
    String(fleet.workers),
    whole(fleet.itemsPerSecond),
    fleet.efficiency.toFixed(3),
    `${fleet.cpuPerItem.toFixed(1)} µs`,
  ]),
);
printTable(
  ["", "items/s", "ms per task"],
  tasks.map(({ name, itemsPerSecond, msPerTask }) => [name, whole(itemsPerSecond), msPerTask.toFixed(2)]),
);
saveResults("scale", { workers, tasks });
