import { crc32 } from "node:zlib";

/** Bytes of a line that are kept, to tell a part of it from somebody else's text. */
const HEAD_BYTES = 16;

/** A result in a batch: the item's sequence number, and its line's length in bytes, CRC-32 and beginning (as Latin-1). */
export type PrintedLine = readonly [seq: number, bytes: number, checksum: number, head: string];

/** How the run stood when a life of it was about to print its first batch. */
export interface Beginning {
  readonly run: string;
  /** The number of the next item. */
  readonly next: number;
  /** The items that were not settled. */
  readonly pending: readonly number[];
}

/** What is told about a batch of results before it is written. */
export interface Batch {
  /** The output file: its device and number. */
  readonly file: string;
  /** Where the batch begins in the output file, in bytes. */
  readonly start: number;
  readonly lines: readonly PrintedLine[];
}

/** A line of the file beside the journal. */
export type Mark = { readonly beginning: Beginning } | { readonly batch: Batch };

export function printedLine(seq: number, line: string): PrintedLine {
  const bytes = Buffer.from(line);
  return [seq, bytes.length, crc32(bytes), bytes.toString("latin1", 0, HEAD_BYTES)];
}

/** Whether these bytes are the whole line. */
export function isLine([, length, checksum]: PrintedLine, bytes: Buffer): boolean {
  return bytes.length === length && crc32(bytes) === checksum;
}

/** Whether these bytes may be a part of the line, which was cut off while it was written. */
export function isPartOf([, length, , head]: PrintedLine, bytes: Buffer): boolean {
  return bytes.length < length && head.startsWith(bytes.toString("latin1", 0, head.length));
}

export function encodeMark(mark: Mark): string {
  return `${JSON.stringify(mark)}\n`;
}

/** Reads a line; nothing when {@link encodeMark} cannot have written it. */
export function decodeMark(text: string): Mark | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof found !== "object" || found === null) return undefined;
  const { beginning, batch } = found as { readonly beginning?: unknown; readonly batch?: unknown };
  if (isBeginning(beginning)) return { beginning };
  return isBatch(batch) ? { batch } : undefined;
}

/** Whether a line without an end may be the beginning of a mark. */
export function isPartOfMark(text: string): boolean {
  return ['{"beginning":', '{"batch":'].some((head) => head.startsWith(text.slice(0, head.length)));
}

function isBeginning(value: unknown): value is Beginning {
  const { run, next, pending } = (value ?? {}) as Partial<Beginning>;
  return typeof run === "string" && Number.isSafeInteger(next) && Array.isArray(pending);
}

function isBatch(value: unknown): value is Batch {
  const { file, start, lines } = (value ?? {}) as Partial<Batch>;
  return typeof file === "string" && Number.isSafeInteger(start) && Array.isArray(lines);
}
