// How many items do workers in Python execute per second, beside those in Node.js? Needs Python with pyzmq and msgpack; PYTHON names another one.
import { spawnSync } from "node:child_process";
import { PYTHON } from "./support/children.ts";
import { runPipeline } from "./support/pipeline.ts";
import { median, printTable, saveResults, whole } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const ITEMS = option("items", 200_000, 20_000);
const LONGER = Math.ceil(ITEMS / 50);
const ROUNDS = option("rounds", 3, 1);

const contestants = [
  { name: "no-op, Node.js, 1 worker", items: ITEMS, run: () => runPipeline({ items: ITEMS }) },
  { name: "no-op, Python, 1 process", items: ITEMS, run: () => runPipeline({ items: ITEMS, python: 1 }) },
  { name: "no-op, Python, 2 processes", items: ITEMS, run: () => runPipeline({ items: ITEMS, python: 2 }) },
  { name: "1 ms, Node.js, 1 worker", items: LONGER, run: () => runPipeline({ items: LONGER, sleep: 1 }) },
  {
    name: "1 ms, Python, 1 process",
    items: LONGER,
    run: () => runPipeline({ items: LONGER, sleep: 1, python: 1 }),
  },
];

if (spawnSync(PYTHON, ["-c", "import zmq, msgpack"]).status !== 0) {
  console.log(`${PYTHON} has no pyzmq and msgpack: nothing is measured`);
} else {
  const times = await sideBySide(
    ROUNDS,
    contestants.map(({ run }) => run),
  );
  const results = contestants.map(({ name, items }, index) => {
    const ms = times[index] ?? [];
    return { name, items, ms, itemsPerSecond: (items / median(ms)) * 1000 };
  });
  printTable(
    ["items", "items/s"],
    results.map(({ name, itemsPerSecond }) => [name, whole(itemsPerSecond)]),
  );
  saveResults("python", results);
}
