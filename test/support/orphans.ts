import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";
import { COMMAND, LIBRARY, startProgram } from "./command.ts";
import { tempFolder } from "./endpoints.ts";

/** How long a worker may outlive its parent, in ms. */
const WITHIN_MS = 3000;

const fixture = (name: string) => JSON.stringify(new URL(`../fixtures/${name}`, import.meta.url).href);

/** A program that maps one input by a fixture; `options` is their text. @returns Node's arguments. */
export function mapProgram(module: string, options: string): string[] {
  const program = `
    import { map } from ${JSON.stringify(LIBRARY)};
    for await (const _ of map(["loop"], ${fixture(module)}, { workers: 1, ...${options} }));
  `;
  const file = join(tempFolder(), "main.mjs");
  writeFileSync(file, program);
  return [file];
}

/** A program that maps over a program in another language, which never ends. @returns Node's arguments. */
export function programsProgram(kind: "command" | "exec"): string[] {
  const program = `
    import { map } from ${JSON.stringify(LIBRARY)};
    for await (const _ of map(["x"], { ${kind}: ["sh", "-c", "echo pid $$ >&2; exec sleep 1000"] }));
  `;
  const file = join(tempFolder(), "main.mjs");
  writeFileSync(file, program);
  return [file];
}

/** The command, with a run whose only item blocks. @returns Node's arguments. */
export function commandRun(file: "stuck-pipeline.mjs" | "stuck-pipeline-typed.ts"): string[] {
  return [COMMAND, "run", fileURLToPath(new URL(`../fixtures/${file}`, import.meta.url))];
}

/** Starts a program, waits until its worker computes, and ends the program. The worker must be gone soon after. */
export async function expectNoOrphan(
  args: readonly string[],
  end: (program: ChildProcess) => void,
): Promise<void> {
  const program = startProgram(args);
  const exited = once(program, "exit");
  const worker = await announcedPid(program);
  onTestFinished(() => {
    if (isAlive(worker)) process.kill(worker, "SIGKILL");
  });
  end(program);
  await exited;
  await expect.poll(() => isAlive(worker), { timeout: WITHIN_MS, interval: 50 }).toBe(false);
}

/** A worker prints its process id just before it blocks; the program prints the line again with a prefix. */
async function announcedPid({ stdout, stderr }: ChildProcess): Promise<number> {
  const lines: string[] = [];
  return await new Promise((resolve, reject) => {
    let open = 2;
    for (const stream of [stdout, stderr]) {
      if (stream === null) throw new Error("No pipes");
      const reader = createInterface({ input: stream });
      reader.on("line", (line) => {
        lines.push(line);
        const [, pid] = /pid (\d+)$/.exec(line) ?? [];
        if (pid !== undefined) resolve(Number(pid));
      });
      reader.once("close", () => {
        open -= 1;
        if (open === 0) reject(new Error(`No worker said its process id: ${lines.join("\n")}`));
      });
    }
  });
}

/** Whether a process runs. A zombie, which has ended and is not reaped yet, does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = process.platform === "linux" ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
    return !/\) Z /.test(stat);
  } catch {
    return false;
  }
}
