import { isUtf8 } from "node:buffer";
import { MAX_PAYLOAD_BYTES } from "../../protocol/limits.ts";

const BYTE_ORDER_MARK = "\uFEFF";
const CARRIAGE_RETURN = 0x0d;

/** How a stream is divided into records. */
export interface RecordFormat {
  /** The byte that ends a record. */
  readonly separator: number;
  /** What a record is called in errors: `line`. */
  readonly name: string;
  /** Whether a carriage return before the separator belongs to it. */
  readonly dropsCarriageReturn: boolean;
}

/**
 * Divides bytes into records of text. The last record needs no separator.
 *
 * @returns The records that end in the same chunk of the stream, together.
 * @throws Error when a record is no UTF-8, or too long for an item. The records before it are returned first.
 */
export async function* textRecords(
  chunks: AsyncIterable<Uint8Array>,
  { separator, name, dropsCarriageReturn }: RecordFormat,
): AsyncGenerator<readonly string[], void, undefined> {
  let parts: Uint8Array[] = [];
  let partBytes = 0;
  let number = 0;
  const add = (part: Uint8Array) => {
    parts.push(part);
    partBytes += part.length;
    if (partBytes > MAX_PAYLOAD_BYTES)
      throw new Error(`${name} ${number + 1} has more than ${MAX_PAYLOAD_BYTES} bytes`);
  };
  const finish = (): string => {
    const whole = Buffer.concat(parts);
    [parts, partBytes] = [[], 0];
    number += 1;
    if (!isUtf8(whole)) throw new Error(`${name} ${number} is not UTF-8`);
    const text = whole.toString(
      "utf8",
      0,
      dropsCarriageReturn && whole.at(-1) === CARRIAGE_RETURN ? whole.length - 1 : whole.length,
    );
    return number === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  };
  for await (const chunk of chunks) {
    const records: string[] = [];
    try {
      let from = 0;
      for (let end = chunk.indexOf(separator); end >= 0; end = chunk.indexOf(separator, from)) {
        add(chunk.subarray(from, end));
        records.push(finish());
        from = end + 1;
      }
      if (from < chunk.length) add(chunk.subarray(from));
    } catch (error) {
      yield records;
      throw error;
    }
    yield records;
  }
  if (parts.length > 0) yield [finish()];
}
