import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export const COMMAND = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** URL by which a file in a temporary folder imports the library. */
export const LIBRARY = new URL("../../dist/index.js", import.meta.url).href;

/** Longest time in ms that a command may take. */
const DEADLINE = 25_000;

type Env = Readonly<Record<string, string>>;

/** Starts the command in a process of its own, which is killed when the test ends. */
export function startCommand(
  args: readonly string[],
  stdio: StdioOptions = ["ignore", "pipe", "pipe"],
  env: Env = {},
): ChildProcess {
  return startProgram([COMMAND, ...args], stdio, env);
}

/** Runs the command, and waits for its end. */
export function zmqpipeline(args: readonly string[], env: Env = {}) {
  return ended(startCommand(args, undefined, env));
}

/** Starts Node with these arguments; the process is killed when the test ends. */
export function startProgram(
  args: readonly string[],
  stdio: StdioOptions = ["ignore", "pipe", "pipe"],
  env: Env = {},
): ChildProcess {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, CI: "1", ...env },
    stdio,
    timeout: DEADLINE,
    killSignal: "SIGKILL",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Waits for the end of a process. @returns How the process ended, and what it wrote to its pipes. */
export async function ended(child: ChildProcess) {
  const [out, err] = [gather(child.stdout), gather(child.stderr)];
  const [code, signal] = await once(child, "close");
  return { code: code as number | null, signal: signal as NodeJS.Signals | null, out: out(), err: err() };
}

/** Gathers the text of a stream until it ends or is destroyed; not more than a test needs. */
function gather(stream: Readable | null): () => string {
  let text = "";
  stream?.setEncoding("utf8").on("data", (chunk: string) => {
    if (text.length < 1_000_000) text += chunk;
  });
  return () => text;
}
