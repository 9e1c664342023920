import { runSequentially } from "../sequential/main.ts";
import { inTempFolder, launch } from "../support/launch.ts";

const file = (name: string) => new URL(name, import.meta.url);

export interface Contestant {
  /** The worker's file. */
  readonly worker: URL;
  /** How many items each worker process executes at a time. */
  readonly threads: number;
}

/** Runs as many items as each argument of the command line says (100, 1,000 and 5,000 by default) over 1 and 2 worker processes. */
export async function compare({ worker, threads }: Contestant): Promise<void> {
  const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100, 1000, 5000];
  const header = ["items", "workers", "threads", "expected", "taken", "overhead", "sequential"];
  console.log(header.map((cell) => cell.padStart(12)).join(""));
  for (const items of sizes) {
    const baseline = runSequentially(items);
    for (const workers of [1, 2]) {
      const args = [items, workers, threads, baseline].map(String);
      await inTempFolder((folder) =>
        launch(
          [
            { file: file("collector.ts") },
            ...Array.from({ length: workers }, () => ({ file: worker })),
            { file: file("run-distributor.ts"), args },
          ],
          folder,
        ),
      );
    }
  }
}
