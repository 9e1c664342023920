import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import { CsvError, parse } from "csv-parse";

/**
 * Reads CSV whose first line has the names of the columns.
 *
 * @returns Objects by the names of columns. Their values are text.
 * @throws Error that names the line when the text is no such CSV.
 */
export async function* csvRecords(
  stream: Readable,
  delimiter: string,
): AsyncGenerator<readonly object[], void, undefined> {
  const parser = parse({ bom: true, delimiter, skip_empty_lines: true, columns: checkedColumns });
  pipeline(stream, parser, () => {}); // an error of the stream is thrown by the loop, too
  try {
    for await (const record of parser) yield [record as object];
  } catch (error) {
    if (error instanceof CsvError) throw new Error(`no CSV: ${error.message}`, { cause: error });
    throw error;
  }
}

function checkedColumns(names: string[]): string[] {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`the header has the column ${JSON.stringify(twice)} twice`);
  return names;
}
