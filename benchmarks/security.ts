// What does CURVE cost? Items that carry nothing, and items and results of 64 kB, over tcp with and without keys, and over ipc.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Security } from "zmqpipeline";
import { freePorts } from "../examples/support/free-port.ts";
import { measureAll } from "./support/children.ts";
import { rates } from "./support/rates.ts";
import { printTable, saveResults, whole } from "./support/report.ts";
import { option } from "./support/rounds.ts";

const ROUNDS = option("rounds", 5, 1);
/** Share of the items below: all of them take about a second for each size. */
const SHARE = option("share", 1, 0.02);

const loads = [
  { name: "nothing", bytes: 0, items: 500_000 },
  { name: "64 kB", bytes: 64_000, items: 8000 },
].map((load) => ({ ...load, items: Math.ceil(load.items * SHARE) }));

const folder = mkdtempSync(join(tmpdir(), "zqp-bench-"));
const keys = join(folder, "keys");
Security.generate().save(keys);

const ports = async () => (await freePorts(3)).join(",");
const links = [
  { link: "tcp with keys", env: async () => ({ BENCH_PORTS: await ports(), BENCH_KEYS: keys }) },
  { link: "tcp without", env: async () => ({ BENCH_PORTS: await ports() }) },
  { link: "ipc", env: async () => ({}) },
];

const contestants = loads.flatMap((load) =>
  links.map(({ link, env }) => ({
    ...load,
    link,
    run: async () => {
      const roles = [
        ["echo.ts", "collector", load.items, load.bytes],
        ["echo.ts", "worker"],
        ["echo.ts", "distributor", load.items, load.bytes],
      ] as const;
      return (await measureAll<{ ms: number }>(roles, [], await env()))[2]?.ms ?? Number.NaN;
    },
  })),
);
const rated = await rates(ROUNDS, contestants);
rmSync(folder, { recursive: true });
const results = rated.map((result) => ({
  ...result,
  mbPerSecond: (result.itemsPerSecond * result.bytes) / 1e6,
}));
const plain = (name: string) =>
  results.find((result) => result.name === name && result.link === "tcp without")?.itemsPerSecond ??
  Number.NaN;
printTable(
  ["items and results of", "link", "items/s", "MB/s each way", "of tcp without"],
  results.map(({ name, link, itemsPerSecond, mbPerSecond }) => [
    name,
    link,
    whole(itemsPerSecond),
    mbPerSecond.toFixed(1),
    (itemsPerSecond / plain(name)).toFixed(2),
  ]),
);
saveResults("security", results);
