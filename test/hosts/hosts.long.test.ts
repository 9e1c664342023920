import { describe, expect, test } from "vitest";
import { whyNoNetwork } from "./host-network.ts";
import { HostsRun } from "./hosts-run.ts";
import { SCENARIOS } from "./scenarios.ts";

/** `npm run test:hosts` sets it; otherwise there are the short scenarios with a tenth of the items. */
const isFull = process.env.HOSTS === "full";
const ITEMS = isFull ? 20_000 : 2000;

const reason = whyNoNetwork();
const title = `A run of ${ITEMS} items over four hosts loses, repeats and invents none`;

describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (skipped: ${reason})`, () => {
  const chosen = SCENARIOS.filter(({ isShort }) => isFull || isShort === true);
  // Not test.each(): it cuts long names off.
  for (const { name, options, isOnlySlow, fault } of chosen) {
    test(`while ${name}`, { timeout: 300_000 }, async () => {
      const begun = performance.now();
      const hosts = await HostsRun.begin(options ?? { items: ITEMS, wait: 2 });
      await fault(hosts);
      const summary = await hosts.verdict();
      const { retried = 0 } = summary.tasks.numbers ?? {};
      if (isOnlySlow === true) expect(retried).toBe(0);
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      console.log(`${seconds} s, lost 0, twice 0, invented 0, retried ${retried}`);
    });
  }
});
