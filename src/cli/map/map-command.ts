import { Command, InvalidArgumentError } from "commander";
import { countOption, countWithin } from "../count-option.ts";
import { durationOption } from "../duration-option.ts";
import type { CommandContext } from "../output.ts";
import { addInspectOptions } from "../run/inspect-options.ts";
import { addLedgerOptions } from "../run/ledger-options.ts";
import { addStopTimeout } from "../stop-timeout.ts";
import type { MapCommandOptions } from "./map-command-options.ts";

/** The argument that begins a list of inputs. */
const INPUTS_FOLLOW = ":::";

const EXAMPLES = `
The file exports the function: its default export, or its only one. It gets an
input, and returns a result or a promise of a result. Each result is a line of
JSON on standard output; everything else goes to standard error.

Examples:
  zmqpipeline map resize.mjs < in.ndjson > out.ndjson
  zmqpipeline map upper.mjs --lines --raw --ordered < names.txt
  zmqpipeline map geocode.mjs --csv --concurrency 20 --failed failed.ndjson \\
    < addresses.csv > out.ndjson
  zmqpipeline map thumbnail.mjs --files 'photos/**/*.jpg'
  find . -name '*.log' -print0 | zmqpipeline map count.mjs --null
  zmqpipeline map fetch.mjs ::: https://a.example https://b.example
  zmqpipeline map --command 'python3 worker.py' < in.ndjson > out.ndjson
  zmqpipeline map --exec 'convert {} {.}.webp' --files 'photos/*.jpg'
  zmqpipeline map --exec 'convert {1} -resize {2} {1.}-{2}.png' \\
    ::: a.jpg b.jpg ::: 100 200
  zmqpipeline map import.mjs --journal import.journal --key id \\
    < orders.ndjson >> imported.ndjson

Exit codes: 0 done; 1 error, also in the inputs; 2 wrong use; 3 inputs failed;
4 too many inputs failed; 130, 143 ended by a signal; 141 the reader closed the
output.`;

/**
 * Divides the arguments of `zmqpipeline map` at each `:::`.
 *
 * @returns The command's own arguments, and the list of inputs after each `:::`. Arguments of other commands are not divided.
 */
export function divideAtInputs(args: readonly string[]): {
  readonly own: readonly string[];
  readonly inputs: readonly (readonly string[])[];
} {
  const at = args[0] === "map" ? args.indexOf(INPUTS_FOLLOW) : -1;
  if (at < 0) return { own: args, inputs: [] };
  const inputs: string[][] = [];
  for (const argument of args.slice(at)) {
    if (argument === INPUTS_FOLLOW) inputs.push([]);
    else inputs.at(-1)?.push(argument);
  }
  return { own: args.slice(0, at), inputs };
}

/** `zmqpipeline map`: maps inputs through the function of a file. @param inputs - The list of arguments after each `:::`. */
export function mapCommand(context: CommandContext, inputs: readonly (readonly string[])[]): Command {
  const command = new Command("map")
    .description("map inputs through the function of a file: standard input, files or arguments")
    .usage("[options] <file> [::: inputs...]")
    .argument("[file]", "JavaScript or TypeScript; it exports the function")
    .option(
      "--command <words>",
      "in place of a file: a program that gets a line of JSON for each input, and answers with one",
    )
    .option(
      "--exec <words>",
      "in place of a file: a program that is started for each input, as in 'convert {path} {out}'",
    )
    .option("-l, --lines", "inputs: lines of text (default: lines of JSON)")
    .option("--csv", "inputs: CSV; its first line names the fields")
    .option(
      "--delimiter <text>",
      "with --csv: what stands between fields (default: a comma)",
      delimiterOption,
    )
    .option("-0, --null", "inputs: text that ends in a null byte, as of find -print0")
    .option("-f, --files <patterns...>", "inputs: the names of the files that fit")
    .option("--limit <n>", "only the first n inputs", countOption)
    .option("--dry-run", "print the inputs as JSON, or with --exec the commands, and execute nothing")
    .option("-o, --ordered", "results in the order of the inputs (default: as they are ready)")
    .option("-r, --raw", "print results that are text as they are, not as JSON; binary data stay Base64")
    .option("--failed <file>", "write failed inputs and their errors to a file, a line of JSON each")
    .option(
      "--key <field>",
      "with --journal: execute each value of this field once, also in later runs; .: the whole input",
    )
    .option("-e, --export <name>", "which export is the function")
    .option(
      "-w, --workers <n>",
      "worker processes, or programs (default: one per core); 0: run the function in this process",
      countWithin(0, 1024),
    )
    .option("-t, --threads <n>", "threads in each process, instead of its main thread", countWithin(1, 1024))
    .option(
      "-c, --concurrency <n>",
      "executions at a time in each process, for an async function",
      countWithin(1, 10_000),
    )
    .option("--retry <n>", "execute an input that fails up to n times (default: 3)", countOption)
    .option("--timeout <time>", "longest execution of an input: 500ms, 30s, 5m, 1h", durationOption);
  return addInspectOptions(addStopTimeout(addLedgerOptions(command)))
    .option("-q, --quiet", "print no progress and no summary, only warnings, errors, and what failed")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string | undefined, options: MapCommandOptions) => {
      const { mapFile } = await import("./map-file.ts"); // loaded late, so that help appears at once
      context.exitCode = await mapFile(file, options, inputs, context);
    });
}

function delimiterOption(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must be a character.");
  return text === "\\t" ? "\t" : text;
}
