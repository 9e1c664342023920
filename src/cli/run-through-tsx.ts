import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { needsTsx, tsxArguments } from "../local/tsx.ts";

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
    stdio: "inherit",
  });
  // A terminal sends Ctrl-C to both; it is the child that has to do with it. Others send it to us.
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on("SIGINT", () => {}).on("SIGTERM", pass);
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
