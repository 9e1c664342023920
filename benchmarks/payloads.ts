// How many items of 0 bytes to 1 MB pass per second, and how many MB, where each result is as large as its item? Compared with bare
// sockets of zeromq.js that move the same bytes the same way, one item a message, untracked.
import { measureAll } from "./support/children.ts";
import { rates } from "./support/rates.ts";
import { printTable, saveResults, whole } from "./support/report.ts";
import { option } from "./support/rounds.ts";

const ROUNDS = option("rounds", 3, 1);
/** Share of the items below: all of them take about a second for each size. */
const SHARE = option("share", 1, 0.02);

const sizes = [
  { name: "0 B", bytes: 0, items: 400_000 },
  { name: "100 B", bytes: 100, items: 200_000 },
  { name: "1 kB", bytes: 1000, items: 100_000 },
  { name: "64 kB", bytes: 64_000, items: 8000 },
  { name: "1 MB", bytes: 1_000_000, items: 600 },
].map((size) => ({ ...size, items: Math.ceil(size.items * SHARE) }));

interface Timed {
  readonly ms: number;
}

const contestants = sizes.flatMap(({ name, bytes, items }) => [
  {
    name,
    bytes,
    items,
    library: "zmqpipeline",
    run: async () =>
      (
        await measureAll<Timed>([
          ["echo.ts", "collector", items, bytes],
          ["echo.ts", "worker"],
          ["echo.ts", "distributor", items, bytes],
        ])
      )[2]?.ms ?? Number.NaN,
  },
  {
    name,
    bytes,
    items,
    library: "bare sockets",
    run: async () =>
      (
        await measureAll<Timed>(
          [
            ["bare-echo.ts", "source", items, bytes],
            ["bare-echo.ts", "sink", items],
          ],
          [["bare-echo.ts", "worker"]],
        )
      )[1]?.ms ?? Number.NaN,
  },
]);
const rated = await rates(ROUNDS, contestants);
const results = rated.map((result) => ({
  ...result,
  mbPerSecond: (result.itemsPerSecond * result.bytes) / 1e6,
}));
const [ours, bare] = ["zmqpipeline", "bare sockets"].map((library) =>
  results.filter((result) => result.library === library),
);
printTable(
  ["items and results of", "items/s", "MB/s each way", "bare items/s", "bare MB/s", "ratio"],
  (ours ?? []).map(({ name, itemsPerSecond, mbPerSecond }, index) => {
    const theirs = bare?.[index];
    return [
      name,
      whole(itemsPerSecond),
      mbPerSecond.toFixed(1),
      whole(theirs?.itemsPerSecond ?? Number.NaN),
      (theirs?.mbPerSecond ?? Number.NaN).toFixed(1),
      `${(itemsPerSecond / (theirs?.itemsPerSecond ?? Number.NaN)).toFixed(2)} x`,
    ];
  }),
);
saveResults("payloads", results);
