import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { ownManifest } from "../../self/own-manifest.ts";
import { FileError } from "../file-error.ts";

const PIPELINE = `import { type PipelineOptions, TaskType } from "zmqpipeline";

const PRIMES = TaskType.register("primes");

/** The work: counts the primes below a million, in ranges. Items are produced when workers have room for them. */
function* ranges() {
  for (let from = 0; from < 1_000_000; from += 10_000) yield { from, to: from + 10_000 };
}

let primes = 0;

export default {
  tasks: [{ taskType: PRIMES, items: ranges, total: 100 }],
  workers: { module: new URL("./worker.ts", import.meta.url) },
  // Called once for each item, one call at a time. The id in the third argument is a key for idempotent writes.
  collector: ({ count }: { count: number }) => {
    primes += count;
  },
} satisfies PipelineOptions;

process.once("beforeExit", () => console.log(\`\${primes} primes\`));
`;

const WORKER = `/** Called by each worker for each item. If it throws, the item is retried, and reported as failed in the end. */
export default function countPrimes({ from, to }: { from: number; to: number }) {
  let count = 0;
  for (let n = Math.max(2, from); n < to; n++) if (isPrime(n)) count += 1;
  return { count };
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}
`;

/**
 * Writes a small run that works. Existing files are not overwritten.
 *
 * @returns The paths of the files.
 * @throws FileError when one of the files exists.
 */
export function writeStarter(folder: string): string[] {
  const files = { "package.json": manifest(folder), "pipeline.ts": PIPELINE, "worker.ts": WORKER };
  const paths = Object.keys(files).map((name) => join(folder, name));
  const existing = paths.find((path) => existsSync(path));
  if (existing !== undefined) throw new FileError(`${existing} exists already, and is not overwritten`);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), content, { flag: "wx" });
  return paths;
}

function manifest(folder: string): string {
  const own = ownManifest();
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-");
  const content = {
    name,
    private: true,
    type: "module",
    scripts: { start: "zmqpipeline run pipeline.ts" },
    dependencies: { tsx: own.peerDependencies.tsx, zmqpipeline: `^${own.version}` },
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}
