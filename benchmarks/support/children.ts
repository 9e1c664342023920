// Runs a benchmark's roles as processes of their own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Longest run of one measurement. */
const DEADLINE_MS = 10 * 60_000;

const loader = import.meta.resolve("tsx");

/** Debian's Python has Debian's packages. */
export const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";

/** A file (relative to `benchmarks/roles`) and its arguments. */
export type Program = readonly [string, ...unknown[]];

/**
 * Starts programs side by side in an empty folder, waits for all, and returns what each printed, as JSON.
 *
 * @param servers - Programs that run until they are killed, once the others have ended.
 * @param env - Environment variables for all of them, besides this process's own.
 */
export async function measureAll<T>(
  programs: readonly Program[],
  servers: readonly Program[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<(T | undefined)[]> {
  const folder = await mkdtemp(join(tmpdir(), "zqp-bench-"));
  const children: ChildProcess[] = [];
  const timer = setTimeout(() => {
    for (const child of children) child.kill("SIGKILL");
  }, DEADLINE_MS);
  try {
    const start = ([file, ...args]: Program) => {
      const path = fileURLToPath(new URL(`../roles/${file}`, import.meta.url));
      const [program, ...flags] = file.endsWith(".py") ? [PYTHON] : [process.execPath, "--import", loader];
      const child = spawn(program as string, [...flags, path, ...args.map(String)], {
        cwd: folder,
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "inherit"],
      });
      children.push(child);
      return child;
    };
    for (const server of servers) start(server).stdout?.resume();
    return await Promise.all(
      programs.map(async (program) => {
        const child = start(program);
        let output = "";
        child.stdout?.on("data", (chunk: Buffer) => {
          if (output.length < 1_000_000) output += chunk;
        });
        const [code] = await once(child, "close");
        if (code !== 0) throw new Error(`${program[0]} ended with ${code}`);
        return output === "" ? undefined : (JSON.parse(output) as T);
      }),
    );
  } finally {
    clearTimeout(timer);
    for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  }
}

/** Runs programs as {@link measureAll} does, and returns what the last one printed. */
export async function measure<T>(
  programs: readonly Program[],
  servers: readonly Program[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  return (await measureAll<T>(programs, servers, env)).at(-1) as T;
}
