// What does it cost a run that its status is read? Items that do nothing, while nobody looks, once a second, and 50 times a second.
import { measure, type Program } from "./support/children.ts";
import { median, printTable, saveResults, whole } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const ITEMS = option("items", 1_000_000, 50_000);
const ROUNDS = option("rounds", 5, 1);

const looks = [
  { name: "nobody looks", inspectors: [] },
  { name: "once a second", inspectors: [["inspector.ts", 1000]] },
  { name: "50 times a second", inspectors: [["inspector.ts", 20]] },
] as const satisfies readonly { readonly name: string; readonly inspectors: readonly Program[] }[];

const times = await sideBySide(
  ROUNDS,
  looks.map(({ inspectors }) => async () => {
    const programs = [["collector.ts"], ["worker.ts"], ["distributor.ts", ITEMS, 1, 0, 0]] as const;
    return (await measure<{ ms: number }>(programs, inspectors)).ms;
  }),
);
const results = looks.map(({ name }, index) => {
  const ms = times[index] ?? [];
  return { name, ms, itemsPerSecond: (ITEMS / median(ms)) * 1000 };
});
const alone = results[0]?.itemsPerSecond ?? Number.NaN;
printTable(
  ["status is read", "items/s", "of nobody looks"],
  results.map(({ name, itemsPerSecond }) => [
    name,
    whole(itemsPerSecond),
    (itemsPerSecond / alone).toFixed(3),
  ]),
);
saveResults("watching", results);
