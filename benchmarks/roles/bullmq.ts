// bullmq.ts worker PORT CONCURRENCY SLEEP | producer PORT ITEMS WORKERS: runs BullMQ as its documentation advises for throughput: jobs are
// added in bulk, and removed when they are complete. The producer prints the time from the first job to the last completion, in ms.
import { setTimeout as sleep } from "node:timers/promises";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { blockFor } from "../../examples/support/block-for.ts";

const [role, ...numbers] = process.argv.slice(2);
const [port = 0, second = 1, third = 1] = numbers.map(Number);
const connection = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null });
const QUEUE = "bench";
const BULK = 1000;
/** How often the producer checks whether all jobs are complete. */
const POLL_MS = 5;

async function work(concurrency: number, blockMs: number): Promise<void> {
  const handle = async () => {
    if (blockMs > 0) blockFor(blockMs);
  };
  new Worker(QUEUE, handle, { connection, concurrency });
}

async function produce(items: number, workers: number): Promise<void> {
  const queue = new Queue(QUEUE, { connection, defaultJobOptions: { removeOnComplete: true } });
  const complete = async (count: number) => {
    for (let left = count; left > 0; left -= BULK) {
      await queue.addBulk(Array.from({ length: Math.min(BULK, left) }, () => ({ name: "job", data: {} })));
    }
    for (;;) {
      const { wait = 0, active = 0 } = await queue.getJobCounts("wait", "active");
      if (wait + active === 0) return;
      await sleep(POLL_MS);
    }
  };
  while ((await queue.getWorkersCount()) < workers) await sleep(POLL_MS);
  await complete(20 * workers); // the workers compile their code
  const startedAt = performance.now();
  await complete(items);
  console.log(JSON.stringify({ ms: performance.now() - startedAt }));
  process.exit();
}

if (role === "worker") await work(second, third);
else await produce(second, third);
