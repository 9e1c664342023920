// inspector.ts INTERVAL: reads the status of the run every INTERVAL ms, until it is killed.
import { setTimeout as sleep } from "node:timers/promises";
import { Inspector } from "zmqpipeline";
import { WORKER } from "./settings.ts";

const [interval = 1000] = process.argv.slice(2).map(Number);
const inspector = new Inspector(WORKER, { timeout: 600_000 });
for (;;) {
  await inspector.status();
  await sleep(interval);
}
