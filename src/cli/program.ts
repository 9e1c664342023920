import { setImmediate as turn } from "node:timers/promises";
import { Command, CommanderError } from "commander";
import { PipelineError } from "../errors.ts";
import { BAD_EXPORT } from "../pipeline/choose-export.ts";
import { describeThrown, isInstance, propertyOf } from "../protocol/thrown.ts";
import { isMisuse } from "../self/at-caller.ts";
import { ownManifest } from "../self/own-manifest.ts";
import { chaosCommand } from "./chaos/chaos-command.ts";
import { causeLines, errorText, userFrames } from "./error-text.ts";
import { FileError } from "./file-error.ts";
import { inspectCommands } from "./inspect/inspect-commands.ts";
import { divideAtInputs, mapCommand } from "./map/map-command.ts";
import { type CommandContext, EXIT, type Output } from "./output.ts";
import { withInspectPort } from "./run/inspect-options.ts";
import { roleCommands } from "./run/role-commands.ts";
import { runFileCommand } from "./run/run-command.ts";
import { isReaderGone } from "./standard-output.ts";
import { benchCommand } from "./tools/bench-command.ts";
import { doctorCommand } from "./tools/doctor-command.ts";
import { initCommand } from "./tools/init-command.ts";
import { journalCommand } from "./tools/journal-command.ts";
import { keysCommand } from "./tools/keys-command.ts";

/**
 * The command `zmqpipeline`.
 *
 * @param args - The arguments after the command's name.
 * @returns The exit code: see `EXIT`.
 */
export async function runCommand(args: readonly string[], output: Output): Promise<number> {
  const context: CommandContext = { output, args, exitCode: EXIT.ok };
  const write = {
    writeOut: (text: string) => output.text.lines(linesOf(text)),
    writeErr: (text: string) => output.err.lines(linesOf(text)),
    outputError: (text: string) => output.err.line(text), // it may quote an argument, which is one line whatever is in it
  };
  const { own, inputs } = divideAtInputs(args);
  const given = withInspectPort(own);
  const program = new Command("zmqpipeline")
    .description("Spread batches of work over threads, processes and machines")
    .version(ownManifest().version, "-V, --version")
    .showHelpAfterError("(add --help to see how it is used)")
    .configureHelp({ subcommandTerm: termOf })
    .addCommand(runFileCommand(context))
    .addCommand(mapCommand(context, inputs))
    .addCommand(initCommand(context))
    .addCommand(keysCommand(context))
    .addCommand(journalCommand(context))
    .addCommand(doctorCommand(context))
    .addCommand(benchCommand(context))
    .addCommand(chaosCommand(context));
  for (const command of [...roleCommands(context), ...inspectCommands(context)]) program.addCommand(command);
  for (const command of [program, ...descendants(program)]) {
    command.exitOverride().configureOutput(write);
  }
  const code = await program.parseAsync(given, { from: "user" }).then(
    () => context.exitCode,
    (error: unknown) => codeOf(error, output),
  );
  await turn(); // an error of the last write arrives by then
  return output.lost.aborted ? codeOfLost(code, output) : code;
}

/** The exit code after standard output was lost. A reader that has closed its end is no failure of the command. */
function codeOfLost(exitCode: number, { lost, err }: Output): number {
  if (isReaderGone(lost.reason)) return exitCode;
  const text = describeThrown(lost.reason);
  err.line(`zmqpipeline: standard output cannot be written: ${text}`);
  return EXIT.runtime;
}

/** The name of a command and its arguments, without "[options]": that leaves room for descriptions in 80 columns. */
function termOf(command: Command): string {
  const args = command.registeredArguments.map((arg) =>
    arg.required ? `<${arg.name()}>` : `[${arg.name()}]`,
  );
  return [command.name(), ...args].join(" ");
}

function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}

/** Where in the user's code a failure of a run was thrown: the stacks of the errors below it. */
function frameLines({ cause }: PipelineError): string[] {
  return userFrames(cause).map((frame) => `    ${frame}`);
}

/** The lines of a text of the command's own, such as its help. */
function linesOf(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}

function codeOf(error: unknown, output: Output): number {
  const { err } = output;
  const label = err.paint("red", "zmqpipeline:");
  // Commander has already written the error.
  if (isInstance(error, CommanderError)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (isInstance(error, FileError) || isMisuse(error)) {
    err.line(`${label} ${error.message}`);
    return EXIT.usage;
  }
  if (isInstance(error, PipelineError)) {
    err.lines([`${label} ${error.message} (${error.code})`, ...causeLines(error), ...frameLines(error)]);
    if (propertyOf(error.cause, "code") === BAD_EXPORT) return EXIT.usage;
    if (error.code === "TOO_MANY_FAILURES") return EXIT.limit;
  } else err.line(`${label} ${errorText(error)}`);
  return EXIT.runtime;
}
