import { measure, type Program } from "./children.ts";
import { withRedis } from "./redis.ts";

export interface BullmqWork {
  readonly items: number;
  readonly workers: number;
  readonly concurrency: number;
  /** How long each item blocks, in ms. */
  readonly sleep: number;
}

/** Runs items through BullMQ on a Redis server of its own. Returns the time from the first item added to the last one complete, in ms. */
export async function runBullmq({ items, workers, concurrency, sleep }: BullmqWork): Promise<number> {
  return await withRedis(async (port) => {
    const worker: Program = ["bullmq.ts", "worker", port, concurrency, sleep];
    const servers = Array.from({ length: workers }, () => worker);
    return (await measure<{ ms: number }>([["bullmq.ts", "producer", port, items, workers]], servers)).ms;
  });
}
