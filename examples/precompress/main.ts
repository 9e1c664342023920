// Compresses the text files of a folder for a web server: a CPU-bound job on real files, in a loop and then with 1, 2 and 4
// threads. Checks that what was written unpacks to the originals. Usage: main.ts [folder]
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { inTempFolder, launch } from "../support/launch.ts";
import { compress } from "./compress.ts";
import { filesOf } from "./files.ts";

const SAMPLE = fileURLToPath(new URL("../../node_modules/@types/node", import.meta.url));

const file = (name: string) => new URL(name, import.meta.url);
const folder = resolve(process.argv[2] ?? SAMPLE);
const paths = filesOf(folder);

const startedAt = performance.now();
for (const path of paths) compress(join(folder, path));
const baseline = performance.now() - startedAt;

const row = (cells: readonly string[]) => console.log(cells.map((cell) => cell.padStart(12)).join(""));
row(["", "files", "taken", "speed-up"]);
row(["a loop", String(paths.length), `${(baseline / 1000).toFixed(2)} s`, "1.00 x"]);
for (const threads of ["1", "2", "4"]) {
  await inTempFolder(async (workplace) => {
    await launch(
      [
        { file: file("collector.ts") },
        { file: file("worker.ts"), args: [threads] },
        { file: file("run-distributor.ts"), args: [folder, threads, String(baseline)] },
      ],
      workplace,
    );
    for (const path of paths) {
      const unpacked = brotliDecompressSync(readFileSync(join(workplace, "out", `${path}.br`)));
      if (!unpacked.equals(readFileSync(join(folder, path))))
        throw new Error(`${path} does not unpack to itself`);
    }
  });
}
console.log("Every file unpacks to its original.");
