/** How a file's characters become bytes. */
export interface LogEncoding {
  /** Bytes at the beginning of an empty file. */
  readonly mark: Uint8Array;
  encode(text: string): Uint8Array;
}

/** What becomes of a character that an encoding lacks. */
type Replacement = (char: string) => string;

const NOTHING = new Uint8Array();

/** Python's names of what to do with a character that the encoding lacks. For `strict`, Python would lose the line. */
export const ENCODING_ERRORS: Readonly<Record<string, Replacement>> = {
  strict: escaped,
  backslashreplace: escaped,
  replace: () => "?",
  ignore: () => "",
  xmlcharrefreplace: (char) => `&#${char.codePointAt(0)};`,
};

/** Encodings by their names in Python, in lower case and with hyphens. */
export const ENCODINGS: Readonly<Record<string, (errors: Replacement) => LogEncoding>> = {
  "utf-8": utf8,
  utf8,
  "utf-8-sig": () => ({ ...utf8(), mark: Buffer.from("\ufeff") }),
  "utf-16": () => ({ ...utf16(), mark: Buffer.from("\ufeff", "utf16le") }),
  "utf-16-le": utf16,
  "utf-16-be": () => ({ mark: NOTHING, encode: (text) => Buffer.from(text, "utf16le").swap16() }),
  ascii,
  "us-ascii": ascii,
  "latin-1": latin1,
  latin1,
  "iso-8859-1": latin1,
  cp1252: windows1252,
  "windows-1252": windows1252,
};

function utf8(): LogEncoding {
  return { mark: NOTHING, encode: (text) => Buffer.from(text) };
}

function utf16(): LogEncoding {
  return { mark: NOTHING, encode: (text) => Buffer.from(text, "utf16le") };
}

function ascii(errors: Replacement): LogEncoding {
  return singleBytes((code) => (code < 0x80 ? code : undefined), errors);
}

function latin1(errors: Replacement): LogEncoding {
  return singleBytes((code) => (code < 0x100 ? code : undefined), errors);
}

/** What Windows has in the bytes from 0x80 to 0x9f; a space is none. Node's decoder of this encoding has another opinion in some versions. */
const WINDOWS = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

function windows1252(errors: Replacement): LogEncoding {
  const byteOf = (code: number) => {
    if (code < 0x80 || (code >= 0xa0 && code < 0x100)) return code;
    const at = WINDOWS.indexOf(String.fromCodePoint(code));
    return at === -1 ? undefined : 0x80 + at;
  };
  return singleBytes(byteOf, errors);
}

function singleBytes(byteOf: (code: number) => number | undefined, errors: Replacement): LogEncoding {
  const fits = (char: string) => byteOf(char.codePointAt(0) ?? 0) !== undefined;
  const encode = (text: string) => {
    const chars = [...text].flatMap((char) => (fits(char) ? [char] : [...errors(char)]));
    return Uint8Array.from(chars, (char) => byteOf(char.codePointAt(0) ?? 0) ?? 0x3f);
  };
  return { mark: NOTHING, encode };
}

/** As Python's `backslashreplace`: `\xe9`, `\u2603`, `\U0001f600`. */
export function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const [letter, width] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return `\\${letter}${code.toString(16).padStart(Number(width), "0")}`;
}
