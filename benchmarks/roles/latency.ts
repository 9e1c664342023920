// latency.ts worker | collector | distributor ITEMS EVERY STEPS: produces an item every EVERY ms on average (Poisson), with the moment when
// it was produced. The collector prints how long each item took from then until it was collected, in ms.
import { setTimeout as sleep } from "node:timers/promises";
import { Collector, Distributor, SingleThreadedWorker, Task } from "zmqpipeline";
import { compute } from "./compute.mjs";
import { BENCH, COLLECTOR, COLLECTOR_ACK, WORKER } from "./settings.ts";

interface Item {
  /** When the item was produced, in Unix ms. */
  readonly at: number;
  readonly steps: number;
}

const [role, ...numbers] = process.argv.slice(2);
const [items = 1, every = 1, steps = 0] = numbers.map(Number);
/** The first items do not count: they find code that is not compiled yet. */
const WARM_UP = items * 0.2;
const now = () => performance.timeOrigin + performance.now();

class LatencyWorker extends SingleThreadedWorker<Item, { at: number }> {
  readonly taskType = BENCH;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;
  handleExecution(item: Item) {
    compute(item.steps);
    return { at: item.at };
  }
}

class LatencyCollector extends Collector<{ at: number }> {
  readonly endpoint = COLLECTOR;
  readonly ackEndpoint = COLLECTOR_ACK;
  readonly latencies: number[] = [];
  handleCollection({ at }: { at: number }) {
    this.latencies.push(now() - at);
  }
}

class Paced extends Task<Item> {
  readonly taskType = BENCH;
  readonly endpoint = WORKER;
  override async *items() {
    let due = now();
    for (let n = 0; n < items; n++) {
      due += -Math.log(1 - Math.random()) * every;
      const wait = due - now();
      if (wait > 0) await sleep(wait);
      yield { at: now(), steps };
    }
  }
}

async function distribute(): Promise<void> {
  const distributor = new Distributor({ collectorEndpoint: COLLECTOR, collectorAckEndpoint: COLLECTOR_ACK });
  distributor.registerTask(Paced);
  await distributor.run();
}

async function collect(): Promise<void> {
  const collector = new LatencyCollector();
  await collector.run();
  console.log(JSON.stringify(collector.latencies.slice(WARM_UP)));
}

if (role === "worker") await new LatencyWorker().run();
else if (role === "collector") await collect();
else await distribute();
