// How fast are round trips through a service with 1 and 2 workers? Compared with a chain of bare zeromq.js sockets and with Moleculer.

import { freePort } from "../examples/support/free-port.ts";
import { measure, type Program } from "./support/children.ts";
import { median, printTable, saveResults } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const SEQUENTIAL = option("sequential", 15_000, 500);
const PIPELINED = option("pipelined", 300_000, 20_000);
const ROUNDS = option("rounds", 5, 1);

interface Measured {
  /** Duration of a lone request, in µs. */
  readonly roundTrip: number;
  readonly perSecond: number;
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));

async function runService(workers: number): Promise<Measured> {
  const servers: Program[] = [
    ["service.ts", "broker"],
    ...times(workers, (): Program => ["service.ts", "worker"]),
  ];
  return await measure([["service-client.ts", workers, SEQUENTIAL, PIPELINED]], servers);
}

async function runBare(workers: number): Promise<Measured> {
  const servers: Program[] = [
    ["bare-service.ts", "broker"],
    ...times(workers, (): Program => ["bare-service.ts", "worker"]),
  ];
  // Bare sockets are ten times slower when requests are pipelined: a tenth of the requests takes as long.
  return await measure([["bare-service.ts", "client", SEQUENTIAL, Math.ceil(PIPELINED / 10)]], servers);
}

async function runMoleculer(workers: number): Promise<Measured> {
  const names = ["client", ...times(workers, (n) => `worker${n}`)];
  const urls: string[] = [];
  for (const name of names) urls.push(`127.0.0.1:${await freePort()}/${name}`);
  const node = (name: string): Program => [
    "moleculer.ts",
    name,
    urls.join(","),
    SEQUENTIAL,
    Math.ceil(PIPELINED / 10),
  ];
  return await measure([node("client")], names.slice(1).map(node));
}

const contestants = [1, 2].flatMap((workers) => [
  { library: "zmqpipeline", workers, run: () => runService(workers) },
  { library: "bare sockets", workers, run: () => runBare(workers) },
  { library: "Moleculer (TCP)", workers, run: () => runMoleculer(workers) },
]);
const measured = await sideBySide(
  ROUNDS,
  contestants.map(({ run }) => run),
);
const results = contestants.map(({ library, workers }, index) => {
  const rounds = measured[index] ?? [];
  return {
    library,
    workers,
    rounds,
    roundTrip: median(rounds.map((each) => each.roundTrip)),
    perSecond: median(rounds.map((each) => each.perSecond)),
  };
});
printTable(
  ["", "workers", "round trip", "pipelined/s", "beside bare: round trip", "pipelined"],
  results.map(({ library, workers, roundTrip, perSecond }) => {
    const bare = results.find((each) => each.library === "bare sockets" && each.workers === workers);
    return [
      library,
      String(workers),
      `${Math.round(roundTrip)} µs`,
      Math.round(perSecond).toLocaleString("en"),
      `${(roundTrip / (bare?.roundTrip ?? Number.NaN)).toFixed(2)} x`,
      `${(perSecond / (bare?.perSecond ?? Number.NaN)).toFixed(1)} x`,
    ];
  }),
);
saveResults("service", results);
