// Bundles the library into dist/: a file for each entry, and chunks that entries share. A process of the command, a worker or a thread then opens
// a handful of files at its start instead of hundreds. Types are written beside it by the compiler.
import { chmodSync, rmSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** What users import, and what processes and threads are started with: each keeps its path below src/. */
const ENTRIES = [
  "index",
  "opentelemetry/index",
  "testing/index",
  "cli/main",
  "cli/tools/bench-worker",
  "pipeline/module-worker",
  "pipeline/process-entry",
  "executor/threads/thread-entry",
  "watching/watch-entry",
];

const root = new URL("../", import.meta.url);
const dist = new URL("dist/", root);
const bundle = await rolldown({
  cwd: fileURLToPath(root),
  input: Object.fromEntries(ENTRIES.map((entry) => [entry, `src/${entry}.ts`])),
  platform: "node",
  transform: { target: "node20" },
  // Packages stay outside. What begins with a null character, by Rollup's convention, is a helper of the bundler's own.
  external: (id) => !/^[.\0]/.test(id) && !isAbsolute(id) && !id.startsWith("@oxc-project/"),
});
// Chunks of an earlier build would stay.
rmSync(new URL("chunks/", dist), { recursive: true, force: true });
await bundle.write({
  dir: fileURLToPath(dist),
  format: "esm",
  sourcemap: true,
  // Names of classes and functions are part of messages.
  keepNames: true,
  entryFileNames: "[name].js",
  // Chunks lie one folder below dist/, so `new URL("../", import.meta.url)` is dist/ in every chunk.
  chunkFileNames: "chunks/[name].js",
});
await bundle.close();
// Makes the command executable, as npm does at installation.
chmodSync(new URL("cli/main.js", dist), 0o755);
