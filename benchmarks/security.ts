// What do keys cost? Items that carry nothing, and items and results of 64 kB, over tcp with and without keys, and over ipc.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Security } from "zmqpipeline";
import { measureAll } from "./support/children.ts";
import { median, printTable, saveResults, whole } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const ROUNDS = option("rounds", 5, 1);
/** Share of the items: 1 takes a second or so for each size. */
const SHARE = option("share", 1, 0.02);

const loads = [
  { name: "nothing", bytes: 0, items: 500_000 },
  { name: "64 kB", bytes: 64_000, items: 8000 },
].map((load) => ({ ...load, items: Math.ceil(load.items * SHARE) }));

const folder = mkdtempSync(join(tmpdir(), "zqp-bench-"));
const keys = join(folder, "keys");
Security.generate().save(keys);

async function freePorts(): Promise<string> {
  const servers = [createServer(), createServer(), createServer()];
  const ports = servers.map(
    (server) =>
      new Promise<number>((resolve) => {
        server.listen(0, "127.0.0.1", () => {
          const address = server.address();
          resolve(typeof address === "object" && address !== null ? address.port : 0);
        });
      }),
  );
  const found = await Promise.all(ports);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return found.join(",");
}

const links = [
  { link: "tcp with keys", env: async () => ({ BENCH_PORTS: await freePorts(), BENCH_KEYS: keys }) },
  { link: "tcp without", env: async () => ({ BENCH_PORTS: await freePorts() }) },
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
const times = await sideBySide(
  ROUNDS,
  contestants.map(({ run }) => run),
);
rmSync(folder, { recursive: true });
const results = contestants.map(({ run: _, ...contestant }, index) => {
  const ms = times[index] ?? [];
  const itemsPerSecond = (contestant.items / median(ms)) * 1000;
  return { ...contestant, ms, itemsPerSecond, mbPerSecond: (itemsPerSecond * contestant.bytes) / 1e6 };
});
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
