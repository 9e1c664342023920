import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { needsTsx, tsxArguments } from "../pipeline/tsx.ts";
import { holdParentPipe, PARENT_FD, PARENT_PIPE } from "../watching/parent-pipe.ts";
import { endWithParent } from "../watching/process-watch.ts";
import { expectEchoes } from "./interrupts.ts";

/** Tells the second process that it is one. */
const LAUNCHED = "ZMQPIPELINE_LAUNCHED";

/**
 * Has a process that was launched so end with the one that launched it, however that ends.
 *
 * @returns Whether it was launched so.
 */
export function endWithLauncher(): boolean {
  if (process.env[LAUNCHED] === undefined) return false;
  delete process.env[LAUNCHED]; // not of those that it starts
  expectEchoes();
  process.once("disconnect", () => process.exit(1));
  process.channel?.unref();
  endWithParent(PARENT_FD);
  return true;
}

/**
 * Runs the command again through the `tsx` of the file's project, where one of its arguments is a TypeScript file that this Node does
 * not take as it is.
 *
 * @returns Its exit code; nothing where that is not needed, or there is no `tsx`: importing the file then says so.
 */
export async function runThroughTsx(args: readonly string[]): Promise<number | undefined> {
  const file = args.find((argument) => needsTsx(argument) && existsSync(argument));
  const isLoaded = process.execArgv.some((argument) => argument.includes("tsx"));
  if (file === undefined || isLoaded) return undefined;
  const loader = tsxArguments(pathToFileURL(file).href);
  if (loader.length === 0) return undefined;
  const child = spawn(process.execPath, [...process.execArgv, ...loader, String(process.argv[1]), ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc", PARENT_PIPE], // the last two tell it when we are no more
    env: { ...process.env, [LAUNCHED]: "1" },
  });
  holdParentPipe(child.stdio[PARENT_FD]);
  // A terminal sends Ctrl-C to both, others to us alone: the child takes two at a time for one.
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on("SIGINT", pass).on("SIGTERM", pass);
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
