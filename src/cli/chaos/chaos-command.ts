import { Command } from "commander";
import { countWithin } from "../count-option.ts";
import type { CommandContext } from "../output.ts";
import type { ChaosOptions } from "./chaos-options.ts";

const EXAMPLES = `
Runs the file with a journal of its own, in processes that it kills and stops as the seed says: workers with SIGKILL,
workers with SIGSTOP for up to 3 s, and the whole run with SIGKILL, after which the run goes on from its journal.
Then it says whether every item was collected once.

Examples:
  zmqpipeline chaos squares.ts --seed 7
  zmqpipeline chaos squares.ts --seed 7 --faults 20 --every 200
  zmqpipeline chaos squares.ts --seed 7 --workers-only

Exit codes:
  0    every item was collected once
  1    something is wrong, or no fault happened because the run was too short
  2    wrong use, or a file that cannot be run
  3    as 0, but items failed
  130  interrupted by Ctrl-C; 143: by SIGTERM`;

/** `zmqpipeline chaos`: runs a file with real processes, and kills them. */
export function chaosCommand(context: CommandContext): Command {
  return new Command("chaos")
    .description("run a file while its processes are killed and stopped, and check that nothing was lost")
    .argument("<file>", "JavaScript or TypeScript, as for run")
    .requiredOption("--seed <n>", "says which faults happen, and when", countWithin(0, 2 ** 32 - 1))
    .option("--faults <n>", "how many faults happen at the most", countWithin(1, 1000), 5)
    .option("--every <ms>", "mean time between two faults", countWithin(1, 3_600_000), 500)
    .option("--workers-only", "do not kill the whole run")
    .option("-w, --workers <n>", "worker processes of each kind", countWithin(1, 1024))
    .option("--timeout <ms>", "longest time for all of it", countWithin(1, 86_400_000), 600_000)
    .option("--json", "print the verdict as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, options: ChaosOptions) => {
      const { chaos } = await import("./chaos.ts"); // loaded late, so that help appears at once
      context.exitCode = await chaos(file, options, context);
    });
}
