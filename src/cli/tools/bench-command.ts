import { Command } from "commander";
import { counted } from "../../terminal/quantities.ts";
import { countOption, countWithin } from "../count-option.ts";
import { type CommandContext, printJson } from "../output.ts";

interface Options {
  readonly workers?: number;
  readonly seconds: number;
  readonly json?: boolean;
}

/** `zmqpipeline bench`: measures what this machine does. */
export function benchCommand(context: CommandContext): Command {
  return new Command("bench")
    .description("measure items per second on this machine: items that do nothing, and items of 1 ms")
    .option("-w, --workers <n>", "worker processes (default: one per core)", countWithin(1, 1024))
    .option("-s, --seconds <n>", "how long each measurement takes, in seconds", countOption, 3)
    .option("--json", "print the figures as JSON")
    .addHelpText("after", "\nExample:\n  zmqpipeline bench --workers 2 --seconds 5")
    .action(async ({ workers, seconds, json }: Options) => {
      const { bench } = await import("./bench.ts"); // loaded late, so that help appears at once
      const figures = await bench(workers, seconds);
      if (json) return printJson(context, figures);
      const { empty, busy } = figures;
      const share = Math.round((busy / (figures.cores * 1000)) * 100);
      context.output.text.lines([
        counted(figures.workers, "worker"),
        `items that do nothing  ${Math.round(empty).toLocaleString("en")} per second`,
        `items of 1 ms          ${Math.round(busy).toLocaleString("en")} per second, ${share} % of what ${counted(figures.cores, "core")} could do at most`,
      ]);
    });
}
