import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { needsTsx, tsxArguments } from "../pipeline/tsx.ts";
import { holdParentPipe, PARENT_FD, PARENT_PIPE } from "../watching/parent-pipe.ts";
import { endWithParent } from "../watching/process-watch.ts";
import { expectEchoes } from "./interrupts.ts";

/** An environment variable that marks the second process. */
const LAUNCHED = "ZMQPIPELINE_LAUNCHED";

/**
 * In a process that `runThroughTsx()` has launched: ends it when the process that launched it ends, in whatever way.
 *
 * @returns Whether this process was launched by `runThroughTsx()`.
 */
export function endWithLauncher(): boolean {
  if (process.env[LAUNCHED] === undefined) return false;
  delete process.env[LAUNCHED]; // processes that this one starts must not have it
  expectEchoes();
  process.once("disconnect", () => process.exit(1));
  process.channel?.unref();
  endWithParent(PARENT_FD);
  return true;
}

/**
 * Runs the command again through the `tsx` of the file's project, if an argument is a TypeScript file that this Node cannot run by
 * itself.
 *
 * @returns The exit code; `undefined` where `tsx` is not needed, or missing: importing the file then fails with an error that says so.
 */
export async function runThroughTsx(args: readonly string[]): Promise<number | undefined> {
  if (args[0] === "map") return undefined; // only its workers import the file
  const file = args.find((argument) => needsTsx(argument) && existsSync(argument));
  const isLoaded = process.execArgv.some((argument) => argument.includes("tsx"));
  if (file === undefined || isLoaded) return undefined;
  const loader = tsxArguments(pathToFileURL(file).href);
  if (loader.length === 0) return undefined;
  const child = spawn(process.execPath, [...process.execArgv, ...loader, String(process.argv[1]), ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc", PARENT_PIPE], // the last two end when this process does
    env: { ...process.env, [LAUNCHED]: "1" },
  });
  holdParentPipe(child.stdio[PARENT_FD]);
  // A terminal sends Ctrl-C to both processes, `kill` to this one alone. The child takes two signals at once for one.
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on("SIGINT", pass).on("SIGTERM", pass);
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
