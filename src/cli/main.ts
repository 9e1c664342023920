#!/usr/bin/env node
import { runCommand } from "./program.ts";
import { endWithLauncher, runThroughTsx } from "./run-through-tsx.ts";
import { standardOutput } from "./standard-output.ts";

const isLaunched = endWithLauncher();
const args = process.argv.slice(2);

// A TypeScript file where this Node takes none: all over again, with a loader, so that the file's library and ours are one.
const code = isLaunched ? undefined : await runThroughTsx(args);
process.exitCode = code ?? (await runCommand(args, standardOutput()));
