import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { withRedis } from "../../benchmarks/support/redis.ts";
import { withPostgres } from "../../examples/support/postgres.ts";
import { PYTHON } from "../support/python.ts";

const run = promisify(execFile);
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LOADER = import.meta.resolve("tsx");

/** Runs the command without npm, which takes longer to start than the command; the package's test runs it through npm. */
const NPX = `npx() { [ "$1" = zmqpipeline ] && shift && "${ROOT}dist/cli/main.js" "$@"; }\n`;

/** Runs the Python that has pyzmq, with the worker's file, which readers have beside their own. */
const PYTHON3 = `python3() { PYTHONPATH="${ROOT}clients/python" "${PYTHON}" "$@"; }\n`;

export interface Snippet {
  readonly language: string;
  /** `file=NAME`: saved beside the others; `run`: a shell command over the saved files. */
  readonly info: string;
  readonly code: string;
  /** The text block right behind the snippet. */
  readonly output: string | undefined;
}

/** The blocks of code of a document, given by its path from the repository's root. */
export function snippetsOf(document: string): Snippet[] {
  const text = readFileSync(join(ROOT, document), "utf8");
  const blocks = [...text.matchAll(/^```(\w+)(.*)\n([\s\S]*?)^```\n/gm)];
  return blocks.map((block, index) => {
    const next = blocks[index + 1];
    const end = block.index + block[0].length;
    const isOutput = next?.[1] === "text" && text.slice(end, next.index).trim() === "";
    return {
      language: block[1] ?? "",
      info: (block[2] ?? "").trim(),
      code: block[3] ?? "",
      output: isOutput ? next?.[3] : undefined,
    };
  });
}

/** The snippets that are programs. */
function codeOf(document: string): Snippet[] {
  return snippetsOf(document).filter(({ language }) => /^(js|ts)$/.test(language));
}

/** A folder inside the package, where `zmqpipeline` resolves to the built library as it does for users. */
function folder(): string {
  const base = join(ROOT, ".snippets");
  mkdirSync(base, { recursive: true });
  const path = mkdtempSync(join(base, "s"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Declares the tests of the documents that have code: each snippet runs as a reader would run it. */
export function testSnippets(documents: readonly string[]): void {
  describe.each(documents.filter((document) => codeOf(document).length > 0))("%s", testDocument);
}

function testDocument(document: string): void {
  const snippets = snippetsOf(document);
  const alone = codeOf(document).filter(({ info }) => info === "");
  const files = snippets.filter(({ info }) => info.startsWith("file="));

  if (alone.length > 0)
    test("each snippet runs, and prints what it says", async () => {
      for (const { language, code, output } of alone) {
        const cwd = folder();
        const file = join(cwd, language === "ts" ? "snippet.ts" : "snippet.mjs");
        writeFileSync(file, code);
        const { stdout } = await run(
          process.execPath,
          [...(language === "ts" ? ["--import", LOADER] : []), file],
          { cwd, timeout: 20_000 },
        );
        if (output !== undefined) expect(stdout).toBe(output);
      }
    });

  if (files.length > 0)
    test("its files run together", async () => {
      const cwd = folder();
      for (const { info, code } of files)
        writeFileSync(join(cwd, basename(info.slice("file=".length))), code);
      const commands = snippets.filter(({ info }) => info === "run");
      expect(commands.length).toBeGreaterThan(0);
      for (const { code, output } of commands) {
        const stdout = await runWithServers(code, cwd);
        expect(output, `what is printed by ${code}`).toBeDefined();
        // Processes that run side by side may print in any order.
        expect(linesOf(stdout)).toEqual(linesOf(output ?? ""));
      }
    });
}

/** The sorted lines of an output, with RUN for the id of a run: lines may come in any order. */
function linesOf(text: string): string[] {
  return text
    .trim()
    .replace(/\b[0-9a-f]{16}\b/g, "RUN")
    .split("\n")
    .sort();
}

/** Runs a shell command beside the server that it names: `$DATABASE_URL`, `$REDIS_URL`. */
async function runWithServers(code: string, cwd: string): Promise<string> {
  if (code.includes("$DATABASE_URL"))
    return await withPostgres(({ url }) => runGroup(code, cwd, { DATABASE_URL: url }));
  if (code.includes("$REDIS_URL"))
    return await withRedis((port) => runGroup(code, cwd, { REDIS_URL: `redis://127.0.0.1:${port}` }));
  return await runGroup(code, cwd);
}

/** Runs a shell command, and ends its processes, also those in the background. */
async function runGroup(command: string, cwd: string, env: Record<string, string> = {}): Promise<string> {
  const child = spawn("sh", ["-c", `${NPX}${PYTHON3}${command}`], {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const endAll = () => {
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      // nothing is left
    }
  };
  const deadline = setTimeout(endAll, 30_000);
  try {
    return await text(child.stdout);
  } finally {
    clearTimeout(deadline);
    endAll();
  }
}
