import { Command } from "commander";
import { countOption } from "../count-option.ts";
import type { CommandContext } from "../output.ts";
import { addLedgerOptions } from "./ledger-options.ts";
import type { RunFileOptions } from "./run-options.ts";

const EXAMPLES = `
The file exports its tasks, workers and collector as classes, or, as its default, the options of a Pipeline, or a Pipeline; or a Service, and
classes of its workers.

Examples:
  zmqpipeline run squares.ts                           on all cores
  zmqpipeline run squares.ts --workers 2 --journal squares.journal
  zmqpipeline run files.ts --journal files.journal --incremental    only what is new since the last time
  zmqpipeline run squares.ts --json --quiet > summary.json

Ctrl-C lets what is under way finish; once more, and it ends at once.
Exit codes: 0 done, 1 failed, 2 used wrongly, 3 items failed, 4 too many items failed, 130 and 143 ended by a signal.`;

/** `zmqpipeline run`: everything that a file exports, on this machine. */
export function runFileCommand(context: CommandContext): Command {
  const command = new Command("run")
    .description("run what a file exports, all of it on this machine")
    .argument("<file>", "JavaScript or TypeScript")
    .option(
      "-w, --workers <n>",
      "worker processes of each kind (default: as the file says, or one for each core)",
      countOption,
    );
  return addLedgerOptions(command)
    .option("--json", "print the summary as JSON", false)
    .option("-q, --quiet", "no progress, no summary; what goes wrong is still told", false)
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, options: RunFileOptions) => {
      const { runFile } = await import("./run-file.ts"); // help is there before the library is
      context.exitCode = await runFile(file, options, context);
    });
}
