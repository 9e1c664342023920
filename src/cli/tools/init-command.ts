import { Command } from "commander";
import { type CommandContext, printJson } from "../output.ts";

interface Options {
  readonly json?: boolean;
}

/** `zmqpipeline init`: writes a small run to begin with. */
export function initCommand(context: CommandContext): Command {
  return new Command("init")
    .description("write a small run in TypeScript, to begin with")
    .argument(
      "[folder]",
      "where to write; existing files are not overwritten, and a package.json gets what it lacks",
      ".",
    )
    .option("--json", "print the files as JSON")
    .addHelpText("after", "\nExample:\n  zmqpipeline init primes && cd primes && npm install && npm start")
    .action(async (folder: string, { json }: Options) => {
      const { writeStarter } = await import("./starter.ts"); // loaded late, so that help appears at once
      const { files, next } = writeStarter(folder);
      if (json) return printJson(context, { files });
      context.output.text.lines(files);
      context.output.err.line(`Next: ${folder === "." ? "" : `cd ${folder} && `}${next}`);
    });
}
