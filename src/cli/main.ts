#!/usr/bin/env node
import { endCommand } from "./end-of-command.ts";
import { runCommand } from "./program.ts";
import { endWithLauncher, runInSecondProcess } from "./second-process.ts";
import { standardOutput } from "./standard-output.ts";

const isLaunched = endWithLauncher();
const args = process.argv.slice(2);

// A TypeScript file that this Node cannot run: the command starts again with a loader, so that the file and the command share one copy of the
// library. A run or a role: another process hears signals while the user's code blocks its own.
const code = isLaunched ? undefined : await runInSecondProcess(args);
process.exitCode = code ?? (await runCommand(args, standardOutput()));
if (code === undefined) endCommand(process.exitCode);
