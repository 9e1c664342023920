// Bundles the library into dist/: a file for each entry, and chunks that entries share. A process of the command, a worker or a thread then opens
// a handful of files at its start instead of hundreds. Types are written beside it by the compiler.
import { chmodSync, rmSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, rolldown } from "rolldown";

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

/**
 * What processes load at their start, each in one file: what threads need, what worker processes need beside it, and what the library needs beside both.
 * What is imported later stays in files of its own.
 */
const LAYERS: readonly (readonly [name: string, entries: readonly string[]])[] = [
  ["thread", ["executor/threads/thread-entry", "watching/watch-entry"]],
  ["worker", ["pipeline/module-worker", "pipeline/process-entry"]],
  ["library", ["index"]],
];

/** The layer of each module that is imported statically. */
const layers = new Map<string, string>();

const findLayers: Plugin = {
  name: "find-layers",
  buildEnd() {
    for (const [layer, entries] of LAYERS) {
      const found = entries.map((entry) => fileURLToPath(new URL(`src/${entry}.ts`, root)));
      for (let id = found.pop(); id !== undefined; id = found.pop()) {
        const info = this.getModuleInfo(id);
        if (layers.has(id) || info === null) continue;
        // What an entry does must not happen where another one is loaded: it stays in its own file.
        layers.set(id, info.isEntry ? "" : layer);
        found.push(...info.importedIds);
      }
    }
  },
};

const bundle = await rolldown({
  cwd: fileURLToPath(root),
  input: Object.fromEntries(ENTRIES.map((entry) => [entry, `src/${entry}.ts`])),
  platform: "node",
  preserveEntrySignatures: "allow-extension",
  plugins: [findLayers],
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
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: LAYERS.map(([name], index) => ({
      name,
      test: (id) => layers.get(id) === name,
      priority: LAYERS.length - index,
    })),
  },
  // Names of classes and functions are part of messages.
  keepNames: true,
  entryFileNames: "[name].js",
  // Chunks lie one folder below dist/, so `new URL("../", import.meta.url)` is dist/ in every chunk.
  chunkFileNames: "chunks/[name].js",
});
await bundle.close();
// Makes the command executable, as npm does at installation.
chmodSync(new URL("cli/main.js", dist), 0o755);
