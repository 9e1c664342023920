// What does observing a run cost? Items that do nothing: unobserved, with the status read once and 50 times a second, and with OpenTelemetry:
// without an SDK, with an SDK, and with an SDK but without spans for items.
import { measureAll, type Program } from "./support/children.ts";
import { median, printTable, saveResults, whole } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const ITEMS = option("items", 1_000_000, 50_000);
const ROUNDS = option("rounds", 5, 1);

interface Watching {
  readonly name: string;
  readonly inspectors?: readonly Program[];
  readonly otel?: string;
}

const watchings: readonly Watching[] = [
  { name: "nobody looks" },
  { name: "status, once a second", inspectors: [["inspector.ts", 1000]] },
  { name: "status, 50 times a second", inspectors: [["inspector.ts", 20]] },
  { name: "OpenTelemetry, no SDK", otel: "api" },
  { name: "OpenTelemetry, a span for each item", otel: "sdk" },
  { name: "OpenTelemetry, no spans for items", otel: "none" },
];

const times = await sideBySide(
  ROUNDS,
  watchings.map(({ inspectors = [], otel }) => async () => {
    const programs = [["collector.ts"], ["worker.ts"], ["distributor.ts", ITEMS, 1, 0, 0]] as const;
    const env = otel === undefined ? {} : { BENCH_OTEL: otel };
    return (await measureAll<{ ms: number }>(programs, inspectors, env))[2]?.ms ?? Number.NaN;
  }),
);
const results = watchings.map(({ name }, index) => {
  const ms = times[index] ?? [];
  return { name, ms, itemsPerSecond: (ITEMS / median(ms)) * 1000 };
});
const alone = results[0]?.itemsPerSecond ?? Number.NaN;
printTable(
  ["watched", "items/s", "of nobody looks"],
  results.map(({ name, itemsPerSecond }) => [
    name,
    whole(itemsPerSecond),
    (itemsPerSecond / alone).toFixed(2),
  ]),
);
saveResults("watching", results);
