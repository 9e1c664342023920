import { spawnSync } from "node:child_process";
import { marksOfWorker } from "../self/nesting.ts";

/** Longest time that Node may take to say where a syntax error is, in ms. */
const ASK_MS = 10_000;

/** What Node prints before a syntax error: file and line, the code, and where in it. */
const FRAME = /^((?:file:\/\/|\/|[A-Za-z]:\\)[^\n]*:\d+)\n([^\n]*)\n(\s*\^+)\s*\n/m;

/**
 * Says in the message of a module's syntax error where it is, with the line of code. Node has that for an error that nobody
 * catches only, unless the file is CommonJS: another Node is asked, which links the module and ends there.
 *
 * @returns The same error. Others are left alone.
 */
export function locateSyntaxError(error: unknown, url: string): unknown {
  if (!(error instanceof SyntaxError) || typeof error.stack !== "string") return error;
  const frame = FRAME.exec(error.stack) ?? (isOfUsersCode(error.stack) ? null : FRAME.exec(uncaught(url)));
  if (frame === null) return error;
  const [, place, code, mark] = frame;
  error.message = `${error.message} (${place})\n${code}\n${mark}`;
  return error;
}

/** Thrown by code that ran, such as `JSON.parse()`: the stack says where. */
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
      env: { ...process.env, ...marksOfWorker() }, // no run may begin there either
      timeout: ASK_MS,
      killSignal: "SIGKILL",
    },
  );
  return stderr ?? "";
}
