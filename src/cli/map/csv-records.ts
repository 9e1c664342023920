import { CsvError, type InfoRecord, parse } from "csv-parse";
import { MAX_PAYLOAD_BYTES } from "../../protocol/limits.ts";
import { type RecordFormat, textRecords } from "./text-records.ts";

/** Quoted fields may have carriage returns, so the parser gets them. */
const LINE: RecordFormat = { separator: 0x0a, name: "line", dropsCarriageReturn: false };

/** Characters that have a meaning of their own in CSV. */
const NO_DELIMITER = /["\r\n]/;

/**
 * Reads CSV whose first line has the names of the columns.
 *
 * @returns Objects by the names of columns. Their values are text. Those that end in the same chunk of the stream come together.
 * @throws Error that names the line when the text is no such CSV. The records before it are returned first.
 */
export async function* csvRecords(
  chunks: AsyncIterable<Uint8Array>,
  delimiter: string,
): AsyncGenerator<readonly object[], void, undefined> {
  let records: object[] = [];
  let lastLine = 1;
  const parser = parse({
    delimiter,
    skip_empty_lines: true,
    max_record_size: MAX_PAYLOAD_BYTES,
    columns: checkedColumns,
    // Records are taken here, because the stream drops those that nobody has read when an error ends it.
    on_record: (record: object, { lines }: InfoRecord) => {
      records.push(record);
      lastLine = lines;
      return null;
    },
  });
  parser.on("error", () => {}); // the call that caused it gets it, too
  parser.resume();
  const taken = () => {
    const read = records;
    records = [];
    return read;
  };
  const lines = textRecords(chunks, LINE);
  let broken: { readonly thrown: unknown } | undefined;
  try {
    while (broken === undefined) {
      const step = await lines.next().catch((thrown: unknown) => {
        broken = { thrown };
      });
      if (step === undefined || step.done === true) break;
      if (step.value.length === 0) continue;
      const text = `${step.value.join("\n")}\n`;
      const error = await new Promise<unknown>((resolve) =>
        parser.write(text, (problem) => resolve(problem ?? undefined)),
      );
      yield taken();
      if (error !== undefined) throw error;
    }
    // The parser keeps the last record until it knows what follows.
    const problem = await new Promise<unknown>((resolve) =>
      parser
        .on("error", resolve)
        .on("end", () => resolve(undefined))
        .end(),
    );
    yield taken();
    if (broken !== undefined) throw broken.thrown;
    if (problem !== undefined) throw problem;
  } catch (error) {
    if (error instanceof CsvError) throw new Error(`no CSV: ${textOf(error, lastLine)}`, { cause: error });
    throw error;
  } finally {
    parser.destroy();
    await lines.return();
  }
}

/** Whether a text can stand between the fields of CSV. */
export function isDelimiter(text: string): boolean {
  return text !== "" && !NO_DELIMITER.test(text);
}

function textOf({ code, message }: CsvError, lastLine: number): string {
  if (code === "CSV_QUOTE_NOT_CLOSED")
    return `a quote is not closed in the record that begins after line ${lastLine}`;
  return message;
}

function checkedColumns(names: string[]): string[] {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`the header has the column ${JSON.stringify(twice)} twice`);
  if (names.includes("__proto__"))
    throw new Error("the header has a column __proto__, which no object can have as a key");
  return names;
}
