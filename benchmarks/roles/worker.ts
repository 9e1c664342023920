// worker.ts [SLOWNESS]: executes items. An item says how long to block, in ms, SLOWNESS times as long as it says, or how many steps to compute.
import { SingleThreadedWorker } from "zmqpipeline";
import { blockFor } from "../../examples/support/block-for.ts";
import { compute } from "./compute.mjs";
import { BENCH, COLLECTOR, WORKER } from "./settings.ts";

if (process.env.BENCH_OTEL !== undefined) await import("./telemetry.ts");

const slowness = Number(process.argv[2] ?? 1);

class BenchWorker extends SingleThreadedWorker<{ sleep?: number; steps?: number }> {
  readonly taskType = BENCH;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;

  handleExecution({ sleep = 0, steps = 0 }: { sleep?: number; steps?: number }) {
    if (sleep > 0) blockFor(sleep * slowness);
    if (steps > 0) compute(steps);
  }
}

await new BenchWorker().run();
console.log(JSON.stringify({ rss: process.resourceUsage().maxRSS * 1024 }));
