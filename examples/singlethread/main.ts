// 100, 1,000 and 5,000 items of 10 ms over 1 and 2 worker processes, beside the sequential loop.
// Takes about three minutes; name other sizes as arguments: main.ts 100 1000
import { runSequentially } from "../sequential/main.ts";
import { inTempFolder, launch } from "../support/launch.ts";

const file = (name: string) => new URL(name, import.meta.url);
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100, 1000, 5000];

const header = ["items", "workers", "expected", "taken", "overhead", "sequential"];
console.log(header.map((cell) => cell.padStart(12)).join(""));
for (const items of sizes) {
  const baseline = runSequentially(items);
  for (const workers of [1, 2]) {
    await inTempFolder((folder) =>
      launch(
        [
          { file: file("collector.ts") },
          ...Array.from({ length: workers }, () => ({ file: file("worker.ts") })),
          { file: file("run-distributor.ts"), args: [String(items), String(workers), String(baseline)] },
        ],
        folder,
      ),
    );
  }
}
