import { measure } from "./children.ts";

/** Runs items over so many workers, all roles as processes; the time from the first item to the last ACK, in ms. */
export async function runPipeline(items: number, workers: number, sleep: number): Promise<number> {
  const { ms } = await measure<{ ms: number }>([
    ["collector.ts"],
    ...Array.from({ length: workers }, () => ["worker.ts"] as const),
    ["distributor.ts", items, workers, sleep],
  ]);
  return ms;
}
