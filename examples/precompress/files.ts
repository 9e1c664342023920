import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const COMPRESSIBLE = /\.(html|css|js|mjs|json|svg|txt|md|ts)$/;

/** The text files below a folder, by their paths in it. The largest is first: a large file that begins last would end alone. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => COMPRESSIBLE.test(path))
    .map((path) => ({ path, stats: statSync(join(folder, path)) }))
    .filter(({ stats }) => stats.isFile() && stats.size > 0)
    .sort((a, b) => b.stats.size - a.stats.size)
    .map(({ path }) => path);
}
