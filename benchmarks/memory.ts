// Does memory stay flat? The peak of each role in runs of 10^5, 10^6 and 10^7 items that do nothing.
import { measureAll } from "./support/children.ts";
import { printTable, saveResults, whole } from "./support/report.ts";
import { isShort } from "./support/rounds.ts";

interface Role {
  /** Largest resident set, in bytes. */
  readonly rss: number;
  readonly ms?: number;
}

const runs = isShort ? [1e4, 1e5] : [1e5, 1e6, 1e7];
const results = [];
for (const items of runs) {
  const [collector, worker, distributor] = await measureAll<Role>([
    ["collector.ts"],
    ["worker.ts"],
    ["distributor.ts", items, 1, 0, 0],
  ]);
  results.push({ items, collector, worker, distributor });
}
const mib = (role: Role | undefined) => `${((role?.rss ?? Number.NaN) / 2 ** 20).toFixed(0)} MiB`;
printTable(
  ["items", "distributor", "worker", "collector", "items/s"],
  results.map(({ items, distributor, worker, collector }) => [
    whole(items),
    mib(distributor),
    mib(worker),
    mib(collector),
    whole((items / (distributor?.ms ?? Number.NaN)) * 1000),
  ]),
);
saveResults("memory", results);
