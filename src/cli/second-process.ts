import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import inspector from "node:inspector";
import { constants } from "node:os";
import { pathToFileURL } from "node:url";
import { needsTsx, tsxArguments } from "../pipeline/tsx.ts";
import { TextWriter } from "../terminal/text-writer.ts";
import { holdParentPipe, PARENT_FD, PARENT_PIPE } from "../watching/parent-pipe.ts";
import { endWithParent } from "../watching/process-watch.ts";
import { becomeGuarded } from "./guarded-process.ts";
import { SignalGuard } from "./signal-guard.ts";

/** An environment variable that marks the second process. */
const LAUNCHED = "ZMQPIPELINE_LAUNCHED";

/**
 * In a process that `runInSecondProcess()` has started: ends it when the process that started it ends, in whatever way.
 *
 * @returns Whether this is such a process.
 */
export function endWithLauncher(): boolean {
  if (process.env[LAUNCHED] === undefined) return false;
  delete process.env[LAUNCHED]; // processes that this one starts must not have it
  becomeGuarded();
  process.once("disconnect", () => process.exit(1));
  process.channel?.unref();
  endWithParent(PARENT_FD);
  return true;
}

/**
 * Runs the command again in a second process, where that is necessary: through the `tsx` of the file's project, if an argument is a TypeScript
 * file that this Node cannot run by itself; and where the command's process runs code of the user's, which may block it for ever, so that it
 * hears no signal: a run's collector and tasks, a role, a single worker, and `map` with `--workers 0`.
 *
 * @returns The exit code; `undefined` where this process is to run the command. Where `tsx` is missing, importing the file fails with an error
 *   that says so.
 */
export async function runInSecondProcess(args: readonly string[]): Promise<number | undefined> {
  const loader = loaderFor(args);
  if (loader.length === 0 && !runsUserCode(args)) return undefined;
  const child = start(args, loader, ["inherit", "inherit", "inherit"]);
  const guard = new SignalGuard(child, (text) => new TextWriter(process.stderr).line(text));
  process.stderr.on("error", () => {}); // nobody reads it any more
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      guard.stop();
      resolve(guard.code ?? code ?? (signal === null ? 1 : 128 + constants.signals[signal]));
    });
  });
}

/**
 * Starts the command in a process group of its own, which ends when this process does. Its output is piped.
 *
 * @param env - Environment variables that it gets beside those of this process.
 */
export function startGroup(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return start(args, loaderFor(args), ["ignore", "pipe", "pipe"], { detached: true }, env);
}

function start(
  args: readonly string[],
  loader: readonly string[],
  stdio: readonly ("inherit" | "ignore" | "pipe")[],
  options: { readonly detached?: boolean } = {},
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const child = spawn(process.execPath, [...process.execArgv, ...loader, String(process.argv[1]), ...args], {
    stdio: [...stdio, "ipc", PARENT_PIPE], // the last two end when this process does
    env: { ...process.env, ...env, [LAUNCHED]: "1" },
    ...options,
  });
  const pipe = child.stdio[PARENT_FD];
  holdParentPipe(pipe);
  return child;
}

/** Options of Node that load what the command's file needs. */
function loaderFor(args: readonly string[]): string[] {
  if (args[0] === "map") return []; // only its workers import the file
  const file = args.find((argument) => needsTsx(argument) && existsSync(argument));
  const isLoaded = process.execArgv.some((argument) => argument.includes("tsx"));
  return file === undefined || isLoaded ? [] : tsxArguments(pathToFileURL(file).href);
}

/** Commands whose own process calls methods of the user's classes. */
const ROLE_COMMANDS: readonly (string | undefined)[] = [
  "run",
  "collector",
  "distributor",
  "metadata",
  "service",
];

/** Whether the command runs the user's code in its own process. A debugger is attached to this process, and stays with it. */
function runsUserCode([command, ...args]: readonly string[]): boolean {
  if (inspector.url() !== undefined || !args.some((arg) => existsSync(arg))) return false;
  if (ROLE_COMMANDS.includes(command)) return true;
  if (command === "map") return hasNoWorkers(args);
  if (command !== "worker") return false;
  if (args.some((argument) => /^--(pool$|inspect-workers)/.test(argument))) return false; // workers with processes of their own
  const at = args.findIndex((argument) => /^(-n|--count)/.test(argument));
  const count = /\d+$/.exec(args[at] ?? "")?.[0] ?? args[at + 1];
  return at < 0 || count === "1";
}

/** Whether the options have `--workers 0`, in any of its spellings. */
function hasNoWorkers(args: readonly string[]): boolean {
  return args.some((argument, index) => {
    const [, value] = /^(?:-w|--workers)=?(.*)$/.exec(argument) ?? [];
    return value === "0" || (value === "" && args[index + 1] === "0");
  });
}
