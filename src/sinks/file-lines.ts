import { fstatSync, readSync } from "node:fs";

/** Part of a file that is read at a time. */
const CHUNK_BYTES = 1024 * 1024;

const NEWLINE = 0x0a;

/**
 * Reads the complete lines of an open file, a part of the file at a time.
 *
 * @param line - Called with each line, without its end.
 * @returns Where the last complete line ends, in bytes.
 */
export function linesOf(file: number, line: (text: string) => void): number {
  const { size } = fstatSync(file);
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let rest = Buffer.alloc(0);
  let end = 0;
  for (let position = 0; position < size; ) {
    const read = readSync(file, buffer, 0, CHUNK_BYTES, position);
    if (read === 0) break; // the file has become shorter
    position += read;
    const text = Buffer.concat([rest, buffer.subarray(0, read)]);
    let from = 0;
    for (let newline = text.indexOf(NEWLINE); newline >= 0; newline = text.indexOf(NEWLINE, from)) {
      line(text.toString("utf8", from, newline));
      from = newline + 1;
    }
    end += from;
    rest = text.subarray(from);
  }
  return end;
}
