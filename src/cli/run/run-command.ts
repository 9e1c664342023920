import { Command } from "commander";
import { countWithin } from "../count-option.ts";
import type { CommandContext } from "../output.ts";
import { addStopTimeout } from "../stop-timeout.ts";
import { addInspectOptions } from "./inspect-options.ts";
import { addLedgerOptions } from "./ledger-options.ts";
import type { RunFileOptions } from "./run-options.ts";
import { addTrustOption } from "./trust-option.ts";

const EXAMPLES = `
The file exports one of these:
- tasks, workers and a collector, as classes
- the options of a Pipeline, or a Pipeline, as its default
- a Service, and its workers as classes

Examples:
  zmqpipeline run squares.ts                 on all cores
  zmqpipeline run squares.ts --workers 2 --journal squares.journal
  zmqpipeline run files.ts --journal files.journal --incremental
                                             only new items
  zmqpipeline run squares.ts --json --quiet > summary.json

The first Ctrl-C lets running items finish for --stop-timeout, the second ends the run at once.

Exit codes:
  0    done
  1    error
  2    wrong use
  3    items failed
  4    too many items failed
  130  ended by SIGINT (Ctrl-C); 143: by SIGTERM
  141  the reader closed the output`;

/** `zmqpipeline run`: runs everything that a file exports on this machine. */
export function runFileCommand(context: CommandContext): Command {
  const command = new Command("run")
    .description("run everything that a file exports, on this machine")
    .argument("<file>", "JavaScript or TypeScript")
    .option(
      "-w, --workers <n>",
      "worker processes of each kind (default: as the file says, or one per core); 0: run the work in this process",
      countWithin(0, 1024),
    );
  return addInspectOptions(addStopTimeout(addTrustOption(addLedgerOptions(command))))
    .option("--json", "print the summary as JSON")
    .option("-q, --quiet", "print neither progress nor summary, only warnings, errors, and what failed")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, options: RunFileOptions) => {
      const { runFile } = await import("./run-file.ts"); // loaded late, so that help appears at once
      context.exitCode = await runFile(file, options, context);
    });
}
