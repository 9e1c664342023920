import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { describeThrown } from "../../protocol/thrown.ts";
import { ownManifest } from "../../self/own-manifest.ts";
import { FileError } from "../file-error.ts";

const PIPELINE = `import type { PipelineOptions } from "zmqpipeline";

/** The work: counts the primes below a million, in ranges. Items are produced when workers have room for them. */
function* ranges() {
  for (let from = 0; from < 1_000_000; from += 10_000) yield { from, to: from + 10_000 };
}

let primes = 0;

export default {
  tasks: [{ taskType: "primes", items: ranges, total: 100 }],
  workers: { module: new URL("./worker.ts", import.meta.url) },
  // Called once for each result, one call at a time. The id in the second argument is a key for idempotent writes.
  collector: ({ count }: { count: number }) => {
    primes += count;
  },
  onFinished: () => console.log(\`\${primes} primes\`),
} satisfies PipelineOptions;
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

/** What was written, and what the user does next. */
export interface Starter {
  /** The paths of the files, also of a `package.json` that was changed. */
  readonly files: readonly string[];
  /** The commands that start the run, for a shell in the folder. */
  readonly next: string;
}

/** @throws FileError when the folder cannot be made. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const isFile = existsSync(folder) && !statSync(folder).isDirectory();
    throw new FileError(
      `${folder} ${isFile ? "is a file, not a folder" : `cannot be made: ${describeThrown(error)}`}`,
    );
  }
}

/**
 * Writes a small run that works. A `package.json` that is there is kept, and gets the script and the dependencies that it lacks.
 *
 * @throws FileError when a file of the run exists, or the `package.json` cannot be read. Nothing is written then.
 */
export function writeStarter(folder: string): Starter {
  const own = readManifest(folder);
  // In a package of CommonJS, the names say that these files are ECMAScript modules.
  const extension = own === undefined || own.content.type === "module" ? "ts" : "mts";
  const [run, worker] = [`pipeline.${extension}`, `worker.${extension}`];
  const sources = { [run]: PIPELINE.replace("./worker.ts", `./${worker}`), [worker]: WORKER };
  const existing = Object.keys(sources)
    .map((name) => join(folder, name))
    .find((path) => existsSync(path));
  if (existing !== undefined)
    throw new FileError(
      `${existing} exists already, and is not overwritten: name a folder for the run, as in "zmqpipeline init my-run"`,
    );
  const manifest = completed(own?.content ?? freshManifest(folder), run);
  makeFolder(folder);
  for (const [name, content] of Object.entries(sources))
    writeFileSync(join(folder, name), content, { flag: "wx" });
  const isWritten = own === undefined || manifest.isChanged;
  if (isWritten)
    writeFileSync(
      join(folder, MANIFEST),
      `${JSON.stringify(manifest.content, undefined, own?.indent ?? 2)}\n`,
    );
  const files = [...(isWritten ? [MANIFEST] : []), ...Object.keys(sources)].map((name) => join(folder, name));
  const start = manifest.script === undefined ? `npx zmqpipeline run ${run}` : startCommand(manifest.script);
  return { files, next: manifest.needsInstall ? `npm install && ${start}` : start };
}

const MANIFEST = "package.json";

interface Manifest {
  readonly type?: unknown;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Reads a `package.json` that is there, and how it is indented. */
function readManifest(folder: string): { readonly content: Manifest; readonly indent: string } | undefined {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) return undefined;
  let content: unknown;
  let text = "";
  try {
    text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
    content = JSON.parse(text);
  } catch (error) {
    throw new FileError(`${path} cannot be read: ${describeThrown(error)}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content))
    throw new FileError(`${path} cannot be read: it is no object`);
  return { content, indent: /^\{\r?\n([ \t]+)/.exec(text)?.[1] ?? "  " };
}

/** Adds the script and the dependencies that a manifest lacks. Nothing that is there is changed. */
function completed(content: Manifest, run: string) {
  const own = ownManifest();
  const command = `zmqpipeline run ${run}`;
  const { scripts = {}, dependencies = {}, devDependencies = {} } = content;
  const script = ["start", "pipeline"].find((name) => (scripts[name] ?? command) === command);
  const known = { ...dependencies, ...devDependencies };
  const wanted = { tsx: own.peerDependencies.tsx ?? "*", zmqpipeline: `^${own.version}` };
  const missing = Object.entries(wanted).filter(([name]) => known[name] === undefined);
  const hasScript = script === undefined || scripts[script] !== undefined;
  return {
    script,
    needsInstall: missing.length > 0,
    isChanged: missing.length > 0 || !hasScript,
    content: {
      ...content,
      ...(hasScript ? {} : { scripts: { ...scripts, [script]: command } }),
      ...(missing.length === 0 ? {} : { dependencies: { ...dependencies, ...Object.fromEntries(missing) } }),
    },
  };
}

function freshManifest(folder: string): Manifest & { readonly name: string; readonly private: boolean } {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-");
  return { name, private: true, type: "module" };
}

function startCommand(script: string): string {
  return script === "start" ? "npm start" : `npm run ${script}`;
}
