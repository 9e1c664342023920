import { fstatSync } from "node:fs";
import { assertPayload } from "../../protocol/payload/payload-check.ts";
import { describeThrown } from "../../protocol/thrown.ts";
import { FileError } from "../file-error.ts";
import { csvRecords, isDelimiter } from "./csv-records.ts";
import { fileNames } from "./file-names.ts";
import type { InputBatches } from "./input-iterator.ts";
import type { MapCommandOptions } from "./map-command-options.ts";
import { type RecordFormat, textRecords } from "./text-records.ts";

/** The inputs of `zmqpipeline map`. */
export interface Inputs extends InputBatches {
  /** How many there are, where that is known before they are read. */
  readonly total?: number;
  /** What they are, in errors: `standard input`. */
  readonly name: string;
}

/** The name of inputs that are read from standard input. */
export const STANDARD_INPUT = "standard input";

const LINE: RecordFormat = { separator: 0x0a, name: "line", dropsCarriageReturn: true };
const NULL_ENDED: RecordFormat = { separator: 0, name: "record", dropsCarriageReturn: false };

/** Longest beginning of a line that an error shows, in UTF-16 units. */
const MAX_SHOWN = 60;

/**
 * Opens the inputs that the options name: lines of JSON of standard input by default.
 *
 * @param given - The lists of arguments after each `:::`.
 * @throws FileError when the options contradict each other, or name no file.
 */
export async function openInputs(
  options: MapCommandOptions,
  given: readonly (readonly string[])[],
): Promise<Inputs> {
  const { lines, csv, delimiter, null: isNullEnded, files } = options;
  const chosen = [
    ...(lines === true ? ["--lines"] : []),
    ...(csv === true ? ["--csv"] : []),
    ...(isNullEnded === true ? ["--null"] : []),
    ...(files === undefined ? [] : ["--files"]),
    ...(given.length === 0 ? [] : [":::"]),
  ];
  if (chosen.length > 1)
    throw new FileError(`Inputs come from one source, not from ${chosen.join(" and ")} together`);
  if (delimiter !== undefined && csv !== true) throw new FileError("--delimiter belongs to --csv");
  if (delimiter !== undefined && !isDelimiter(delimiter))
    throw new FileError("--delimiter must be a text without quotes and line breaks, such as ';'");
  if (given.length > 1 && given.some((list) => list.length === 0))
    throw new FileError("A ::: has no arguments behind it, so there is nothing to combine");
  if (given.length > 0) return listed("arguments", combinations(given));
  if (files !== undefined) return listed("files", await fileNames(files));
  return standardInput(options);
}

function standardInput({ lines, csv, delimiter = ",", null: isNullEnded }: MapCommandOptions): Inputs {
  const { stdin } = process;
  // Node reads a folder as an empty stream.
  if (fstatSync(stdin.fd).isDirectory())
    throw new FileError("Standard input is a folder: give --files 'FOLDER/**' for the files in it");
  const source = { name: STANDARD_INPUT, close: () => void stdin.destroy() };
  if (csv === true) return { ...source, batches: csvRecords(stdin, delimiter) };
  if (lines === true) return { ...source, batches: textRecords(stdin, LINE) };
  if (isNullEnded === true) return { ...source, batches: textRecords(stdin, NULL_ENDED) };
  return { ...source, batches: textRecords(stdin, LINE), parse: jsonLines() };
}

function listed(name: string, inputs: readonly unknown[]): Inputs {
  return { name, total: inputs.length, batches: [inputs].values(), close: () => {} };
}

/** Parses lines of JSON, and leaves out empty lines. */
function jsonLines(): (line: unknown) => { readonly input: unknown } | undefined {
  let number = 0;
  return (element) => {
    const line = String(element);
    number += 1;
    if (line.trim() === "") return undefined;
    const input = parsed(line, number);
    try {
      assertPayload(input, "input");
    } catch (cause) {
      throw new Error(`line ${number} cannot be an input: ${describeThrown(cause)}`, {
        cause,
      });
    }
    return { input };
  };
}

function parsed(line: string, number: number): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    const shown = line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line;
    throw new Error(
      `line ${number} is not JSON: ${JSON.stringify(shown)} (${describeThrown(cause)}). Use --lines for lines of text, --csv for CSV`,
      { cause },
    );
  }
}

/** The arguments of one `:::` are inputs. Those of several are combined: each input is an array with one argument of each. */
function combinations(given: readonly (readonly string[])[]): readonly unknown[] {
  const [only = []] = given;
  if (given.length === 1) return only;
  return given.reduce<string[][]>(
    (rows, each) => rows.flatMap((row) => each.map((argument) => [...row, argument])),
    [[]],
  );
}
