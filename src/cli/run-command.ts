import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { PipelineError } from "../errors.ts";
import { keysCommand } from "./keys-command.ts";
import { EXIT, type Output } from "./output.ts";

/**
 * The command `zmqpipeline`.
 *
 * @param args - What follows the command's name.
 * @returns The exit code: 0 for success, 1 when something went wrong, 2 when it was used wrongly.
 */
export async function runCommand(args: readonly string[], output: Output): Promise<number> {
  const program = new Command("zmqpipeline")
    .description("Spread batches of work over threads, processes and machines")
    .version(version(), "-V, --version")
    .showHelpAfterError("(add --help for how it is used)")
    .addCommand(keysCommand(output));
  for (const command of [program, ...descendants(program)]) {
    command.exitOverride().configureOutput({ writeOut: output.out, writeErr: output.err });
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    return codeOf(error, output);
  }
}

function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}

function codeOf(error: unknown, output: Output): number {
  // Commander has written what is wrong already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof PipelineError) output.err(`zmqpipeline: ${error.message} (${error.code})\n`);
  else
    output.err(`zmqpipeline: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.runtime;
}

function version(): string {
  const manifest = createRequire(import.meta.url)("../../package.json") as { version: string };
  return manifest.version;
}
