// Draws the saved results as SVG charts for the documentation.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

const folder = new URL("../docs/images/", import.meta.url);
mkdirSync(folder, { recursive: true });

function results<T>(name: string): T {
  const file = new URL(`results/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { results: T }).results;
}

async function draw(name: string, spec: Omit<TopLevelSpec, "background">): Promise<void> {
  const { spec: chart } = compile({ background: "white", padding: 8, ...spec } as TopLevelSpec);
  const svg = await new View(parse(chart), { renderer: "none" }).toSVG();
  writeFileSync(new URL(`${name}.svg`, folder), `${svg}\n`);
}

/** A chart with a bar for each row, in the order of the rows, and the value beside the bar. */
function bars(title: string, axis: string, rows: readonly { name: string; value: number }[], format: string) {
  const y = { field: "name", type: "nominal", sort: null, title: null, axis: { labelLimit: 500 } };
  const x = { field: "value", type: "quantitative", title: axis, axis: { format: "~s" } };
  const ours = { test: "indexof(datum.name, 'zmqpipeline') === 0", value: "#1b6ca8" };
  return {
    title,
    width: 420,
    height: { step: 24 },
    data: { values: [...rows] },
    encoding: { x, y },
    layer: [
      { mark: "bar", encoding: { color: { condition: ours, value: "#b8bec5" } } },
      {
        mark: { type: "text", align: "left", dx: 4 },
        encoding: { text: { field: "value", type: "quantitative", format } },
      },
    ],
  } as Omit<TopLevelSpec, "background">;
}

const noop = results<{ name: string; itemsPerSecond: number }[]>("noop");
const tracked = noop.filter(({ name }) => !name.startsWith("bare"));
await draw(
  "throughput",
  bars(
    "Items that do nothing, end to end",
    "items per second",
    tracked.map(({ name, itemsPerSecond }) => ({ name, value: Math.round(itemsPerSecond) })),
    ",",
  ),
);

const overhead = results<{ name: string; overhead: number }[]>("overhead");
const ours = (name: string) => (/^\d/.test(name) ? `zmqpipeline, ${name}` : name);
await draw(
  "overhead",
  bars(
    "Items of 10 ms: time over the ideal",
    "percent",
    overhead.map(({ name, overhead }) => ({ name: ours(name), value: overhead })),
    ".1f",
  ),
);

const durations = results<{ duration: number; workers: number; efficiency?: number }[]>("durations");
await draw("efficiency", {
  title: "Share of the ideal that is reached, on two cores",
  width: 420,
  height: 220,
  data: {
    values: durations
      .filter(({ efficiency }) => efficiency !== undefined)
      .map((row) => ({ ...row, workers: `${row.workers}` })),
  },
  mark: { type: "line", point: true },
  encoding: {
    x: {
      field: "duration",
      type: "quantitative",
      scale: { type: "log" },
      title: "duration of an item in ms",
    },
    y: { field: "efficiency", type: "quantitative", scale: { domain: [0, 1] }, title: "efficiency" },
    color: { field: "workers", type: "nominal", sort: ["1", "2", "8"], title: "workers" },
  },
} as Omit<TopLevelSpec, "background">);
