import { fileURLToPath } from "node:url";
import { fillPlaceholders, havePlaceholders } from "../executor/commands/placeholders.ts";
import { splitWords } from "../executor/commands/split-words.ts";
import { describeKind } from "../role/known-options.ts";
import type { ProgramStart } from "./process-messages.ts";

/** A program and its arguments, or a text that is split into them as a shell would; a `file:` URL stands for its path. */
export type ProgramCommand = string | readonly (string | URL)[];

/** Where programs may be given: `command` for those that get lines of JSON, `exec` for those that are started for each item. */
export interface ProgramOptions {
  readonly command?: ProgramCommand | undefined;
  readonly exec?: ProgramCommand | undefined;
}

/** Whether a value, in place of a file, is options that name a program. */
export function namesProgram<Options extends ProgramOptions>(
  worker: URL | string | Options,
): worker is Options {
  return (
    typeof worker === "object" &&
    worker !== null &&
    !(worker instanceof URL) &&
    ("command" in worker || "exec" in worker)
  );
}

/** The options that name the program. @param options - One of both is set. */
export function programOptionsOf({
  command,
  exec,
}: ProgramOptions): { readonly command: ProgramCommand } | { readonly exec: ProgramCommand } {
  return command === undefined ? { exec: exec ?? "" } : { command };
}

/** Options of workers that are functions or classes, and mean nothing to programs. COUNT stands for the option with the number of programs. */
const OF_MODULES: Readonly<Record<string, string>> = {
  module: "it stands in place of a module",
  exportName: "it exports nothing",
  threads: "it has none of this library; give more programs with COUNT",
  concurrency:
    "with command, the program's ready line says how many items it takes at a time; with exec, COUNT says it",
};

/**
 * Reads the options for programs.
 *
 * @param where - The options' name in errors, such as `workers`.
 * @param options - All options there.
 * @returns Nothing where none of them is a program.
 * @throws TypeError when they are wrong, or exclude each other.
 */
export function resolveProgram(
  where: string,
  options: ProgramOptions,
): Pick<ProgramStart, "kind" | "args"> | undefined {
  const { command, exec } = options;
  if (command === undefined && exec === undefined) return undefined;
  if (command !== undefined && exec !== undefined)
    throw new TypeError(
      `${where} has command and exec: command is a program that gets lines, exec one for each item`,
    );
  const name = command === undefined ? "exec" : "command";
  for (const [other, why] of Object.entries(OF_MODULES))
    if ((options as Readonly<Record<string, unknown>>)[other] !== undefined)
      throw new TypeError(
        `${where} has ${name} and ${other}, but a program takes no ${other}: ${why.replace("COUNT", where === "map()" ? "workers" : "count")}`,
      );
  const args = argumentsOf(`${where}.${name}`, command ?? exec);
  if (name === "exec" && havePlaceholders(args.slice(0, 1)))
    throw new TypeError(`${where}.exec begins with a placeholder: items must not say which program runs`);
  return { kind: name === "command" ? "lines" : "each", args };
}

/** A program's command line, for people: a shell would read it as these arguments. */
export function commandLine(args: readonly string[]): string {
  return args
    .map((argument) =>
      /^[\w@%+=:,./{}-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`,
    )
    .join(" ");
}

/**
 * The command line that an input makes of a program with placeholders.
 *
 * @returns Nothing where there are no placeholders: the input is the program's standard input.
 * @throws PayloadTypeError when the input does not fit.
 */
export function filledCommandLine(args: readonly string[], input: unknown): string | undefined {
  return havePlaceholders(args) ? commandLine(fillPlaceholders(args, input)) : undefined;
}

function argumentsOf(name: string, command: unknown): string[] {
  const words = typeof command === "string" ? splitWords(command) : command;
  if (!Array.isArray(words))
    throw new TypeError(
      `${name} must be a text or an array of a program and its arguments, not ${describeKind(command)}`,
    );
  const args = words.map((word: unknown, index) => {
    const text = word instanceof URL && word.protocol === "file:" ? fileURLToPath(word) : word;
    if (typeof text !== "string")
      throw new TypeError(`${name}[${index}] must be a text or a file: URL, not ${describeKind(word)}`);
    if (text.includes("\0")) throw new TypeError(`${name}[${index}] has a null character`);
    return text;
  });
  if (args.length === 0 || args[0] === "") throw new TypeError(`${name} must name a program`);
  return args;
}
