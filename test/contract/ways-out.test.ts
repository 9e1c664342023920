import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { globSync } from "tinyglobby";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The files of `src/` whose code, without comments, matches. */
function filesWith(pattern: RegExp): string[] {
  return globSync(["src/**/*.ts"], { cwd: ROOT, absolute: true })
    .filter((file) =>
      pattern.test(readFileSync(file, "utf8").replace(/^ *\*.*$|\/\/ .*$|\/\*\*.*\*\/$/gm, "")),
    )
    .map((file) => relative(ROOT, file).replaceAll("\\", "/"))
    .sort();
}

// Text of other processes must not reach a terminal or a log as it is. So there is one place for each way out, which shows control characters, and
// no other file has a way out. A new file in one of these lists must show what it writes, with `visibleText`, `visibleBlock` or a `TextWriter`.

test("Only known files use the streams of the process", () => {
  expect(filesWith(/process\.(?:stdout|stderr)|process\[|\bconsole\.(?:log|error|warn|info)\(/)).toEqual([
    "src/cli/map/divert-output.ts", // takes what is written
    "src/cli/run/command-console.ts", // names the streams that a progress shares
    "src/cli/second-process.ts", // a TextWriter
    "src/cli/standard-output.ts", // a TextWriter for each, and data
    "src/cli/tools/starter.ts", // a program that it writes to a file
    "src/executor/commands/program-process.ts", // visibleBlock
    "src/executor/own-output.ts", // waits until they are empty
    "src/logging/configure-logging.ts", // compileFormat
    "src/logging/log-handler.ts", // compileFormat
    "src/pipeline/local-run.ts", // LineWriter: visibleBlock
    "src/pipeline/map-progress.ts", // ProgressView: shownLine
    "src/pipeline/pool-run.ts", // LineWriter: visibleBlock
  ]);
});

test("Only known files write what is no message to a stream of any name", () => {
  expect(filesWith(/(?:stderr|stdout|screen|output|err|out)\.write\(|emitWarning\(/i)).toEqual([
    "src/cli/end-of-command.ts", // a text of its own
    "src/cli/standard-output.ts", // data: JSON, metrics, results
    "src/executor/commands/program-process.ts", // visibleBlock
    "src/logging/configure-logging.ts", // compileFormat
    "src/logging/logger.ts", // visibleBlock
    "src/terminal/full-screen.ts", // shownLines
    "src/terminal/progress-view.ts", // shownLine
    "src/terminal/text-writer.ts", // shownLines
  ]);
});

test("Only RoleLog calls a logger, so that facts are visible in every log, whatever formats it", () => {
  expect(filesWith(/getLogger\(/)).toEqual(["src/logging/get-logger.ts"]); // for users
  expect(filesWith(/getChild\(/)).toEqual(["src/logging/logger.ts"]);
});
