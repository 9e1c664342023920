import type { Durability } from "zmqpipeline";
import { measure, type Program } from "./children.ts";

export interface PipelineWork {
  readonly items: number;
  /** @default 1 */
  readonly workers?: number;
  /** How many threads each worker has. Single-threaded workers by default. */
  readonly threads?: number;
  /** How many processes each worker in Python has. Workers in Node.js by default. */
  readonly python?: number;
  /** How long each item blocks, in ms. None by default. */
  readonly sleep?: number;
  /** How many steps each item computes. None by default. */
  readonly steps?: number;
  /** The distributor's journal. None by default. */
  readonly journal?: { readonly path: string; readonly durability: Durability };
  /** Whose results are taken. The default of a distributor by default. */
  readonly trust?: "any" | "assigned";
}

/** Runs items over workers, each role in a process of its own. Returns the time from the first item to the last ACK, in ms. */
export async function runPipeline(work: PipelineWork): Promise<number> {
  const { items, workers = 1, threads, python, sleep = 0, steps = 0, journal, trust } = work;
  const kept = journal === undefined ? [] : [journal.path, journal.durability];
  const worker = workerOf(threads, python);
  const { ms } = await measure<{ ms: number }>(
    [
      ["collector.ts"],
      ...Array.from({ length: workers }, () => worker),
      ["distributor.ts", items, workers, sleep, steps, ...kept],
    ],
    [],
    trust === undefined ? {} : { BENCH_TRUST: trust },
  );
  return ms;
}

function workerOf(threads: number | undefined, python: number | undefined): Program {
  if (python !== undefined) return ["python_worker.py", python];
  return threads === undefined ? ["worker.ts"] : ["threads-worker.ts", threads];
}
