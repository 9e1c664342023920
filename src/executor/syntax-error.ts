import { spawnSync } from "node:child_process";
import { marksOfWorker } from "../self/nesting.ts";

/** How long another Node process may take to report the syntax error, in ms. */
const ASK_MS = 10_000;

/** What Node prints before a syntax error: file and line, the line's code, and a mark below it. */
const FRAME = /^((?:file:\/\/|\/|[A-Za-z]:\\)[^\n]*:\d+)\n([^\n]*)\n(\s*\^+)\s*\n/m;

/**
 * Adds the place and the line of code to the message of a module's syntax error. For ECMAScript modules, Node prints them only for errors
 * that are not caught: so another Node process imports the module, and its output is read.
 *
 * @returns The same error. Errors of other kinds are not changed.
 */
export function locateSyntaxError(error: unknown, url: string): unknown {
  if (!(error instanceof SyntaxError) || typeof error.stack !== "string") return error;
  const frame = FRAME.exec(error.stack) ?? (isOfUsersCode(error.stack) ? null : FRAME.exec(uncaught(url)));
  if (frame === null) return error;
  const [, place, code, mark] = frame;
  const before = error.message;
  error.message = `${before} (${place})\n${code}\n${mark}`;
  // The stack has the text of the message as it was, and then only frames of Node's loader.
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

/** Whether code that ran has thrown the error, such as `JSON.parse()`: then its stack says where. */
function isOfUsersCode(stack: string): boolean {
  return /^\s+at (?!.*(?:node:|import-user-module)).*:\d+:\d+\)?$/m.test(stack);
}

function uncaught(url: string): string {
  const { stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, "--input-type=module", "--eval", `import ${JSON.stringify(url)}`],
    {
      encoding: "utf8",
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...marksOfWorker() }, // a module must not start a run there, either
      timeout: ASK_MS,
      killSignal: "SIGKILL",
    },
  );
  return stderr ?? "";
}
