import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { map } from "zmqpipeline";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

/** The first threads that load it fail at everything, and the others take a while. */
const WORKER = `
import { openSync } from "node:fs";
let isBad = false;
for (let place = 0; place < 2 && !isBad; place++) {
  try {
    openSync(new URL("./bad-" + place, import.meta.url), "wx");
    isBad = true;
  } catch {}
}
export default async (n) => {
  if (isBad) throw new Error("no GPU");
  await new Promise((resolve) => setTimeout(resolve, 30));
  return n;
};
`;

long(
  "An item's next attempt goes to a thread on which it has not failed, however busy that one is",
  async () => {
    const file = join(tempFolder(), "worker.mjs");
    writeFileSync(file, WORKER);
    const counts: Record<string, number> = {};
    const inputs = Array.from({ length: 60 }, (_, n) => n);
    for await (const { status } of map(inputs, file, { threads: 3, settled: true }))
      counts[status] = (counts[status] ?? 0) + 1;
    expect(counts).toEqual({ fulfilled: 60 });
  },
);

test("An item that fails on every thread fails for good after its attempts", async () => {
  const file = join(tempFolder(), "worker.mjs");
  writeFileSync(file, 'export default () => { throw new Error("no"); };');
  const statuses: string[] = [];
  for await (const { status } of map([1, 2, 3], file, { threads: 2, settled: true })) statuses.push(status);
  expect(statuses).toEqual(["rejected", "rejected", "rejected"]);
});
