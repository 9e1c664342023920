import type { LogRecord, TextFormatter } from "@logtape/logtape";
import { indented, visibleBlock } from "../structures/visible-text.ts";
import { type Conversion, convert, NUMBER_TYPES, TEXT_TYPES } from "./conversion.ts";
import { isNumberField, recordField } from "./record-fields.ts";
import { asctime, assertDateFormat, strftime } from "./strftime.ts";

/** A piece of a format: fixed text, or a field and how it is shown. */
type Piece = string | { readonly name: string; readonly conversion: Conversion };

const PLAIN: Conversion = {
  type: "s",
  align: ">",
  fill: " ",
  sign: "",
  prefixed: false,
  width: 0,
  precision: undefined,
  group: "",
};

/** What a formatter without a format shows, by style. */
const MESSAGE: Readonly<Record<string, string>> = { "%": "%(message)s", "{": "{message}", $: "$message" };

/** The marks of each style, the last one being a mark that means nothing. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  "%": /%(?:%|\((?<name>\w+)\)(?<flags>[#0\- +]*)(?<width>\d+)?(?:\.(?<precision>\d+))?(?<type>[a-zA-Z]))|%/g,
  "{": /\{\{|\}\}|\{(?<name>\w+)(?:!(?<repr>[rsa]))?(?::(?:(?<fill>[^{}])?(?<align>[<>^=]))?(?<sign>[-+ ])?(?<hash>#)?(?<zero>0)?(?<width>\d+)?(?<group>[,_])?(?:\.(?<precision>\d+))?(?<type>[a-zA-Z%])?)?\}|[{}]/gu,
  $: /\$(?:\$|\{(?<name>\w+)\}|(?<bare>[a-zA-Z_]\w*))|\$/g,
};

/**
 * Compiles a format such as `'%(levelname)s %(asctime)s %(message)s'`. Flags, widths and precisions mean what they mean in Python.
 *
 * @param format - An empty one shows the message.
 * @param datefmt - The format of `asctime`.
 * @param style - `%`, `{` or `$`.
 * @throws TypeError when the format, or that of dates, has something unknown, or when the format has no field at all.
 */
export function compileFormat(format: string, datefmt?: string, style = "%"): TextFormatter {
  if (datefmt !== undefined) assertDateFormat(datefmt);
  const time = datefmt === undefined ? asctime : (date: Date) => strftime(datefmt, date);
  const found = pieces(format === "" ? (MESSAGE[style] as string) : format, style);
  if (!found.some((piece) => typeof piece !== "string"))
    throw new TypeError(
      `Log format ${JSON.stringify(format)} has no field such as ${MESSAGE[style]}: each line would be the same`,
    );
  const parts = found.map((piece) => {
    if (typeof piece === "string") return () => piece;
    const { name, conversion } = piece;
    const field = recordField(name, time, NUMBER_TYPES.includes(conversion.type));
    if (name === "asctime") return (record: LogRecord) => convert(field(record), conversion);
    // What follows a line feed is indented, so that each record begins a line.
    return (record: LogRecord) => indented(visibleBlock(convert(field(record), conversion)));
  });
  return (record) => `${parts.map((part) => part(record)).join("")}\n`;
}

function pieces(format: string, style: string): Piece[] {
  const pattern = PATTERNS[style] as RegExp;
  const found: Piece[] = [];
  let end = 0;
  for (const match of format.matchAll(pattern)) {
    const [mark] = match;
    found.push(format.slice(end, match.index));
    end = match.index + mark.length;
    found.push(
      mark.length === 2 && mark[0] === mark[1] ? (mark[0] as string) : fieldOf(format, style, match),
    );
  }
  found.push(format.slice(end));
  return found;
}

function fieldOf(format: string, style: string, match: RegExpExecArray): Piece {
  const groups = match.groups ?? {};
  const name = groups.name ?? groups.bare;
  if (name === undefined) {
    const at = `${JSON.stringify(match[0])} at ${match.index}`;
    throw new TypeError(
      `Log format ${JSON.stringify(format)} has a ${at} that begins no field such as ${MESSAGE[style]}; write it twice`,
    );
  }
  const type =
    groups.type ??
    groups.repr ??
    (style === "{" && isNumberField(name) && groups.precision === undefined ? "n" : "s");
  if (![...TEXT_TYPES, ...NUMBER_TYPES].includes(type)) {
    const known = [...TEXT_TYPES, ...NUMBER_TYPES].join(", ");
    throw new TypeError(
      `Log format field ${match[0]} has the type ${JSON.stringify(type)}; known are ${known}`,
    );
  }
  return { name, conversion: conversionOf(type, style, groups) };
}

function conversionOf(
  type: string,
  style: string,
  groups: Readonly<Record<string, string | undefined>>,
): Conversion {
  const { flags = "", width = "0", precision } = groups;
  const sized = {
    type,
    width: Number(width),
    precision: precision === undefined ? undefined : Number(precision),
  };
  const isNumber = NUMBER_TYPES.includes(type);
  if (style === "%") {
    const isZero = flags.includes("0") && isNumber && !flags.includes("-");
    return {
      ...PLAIN,
      ...sized,
      align: flags.includes("-") ? "<" : isZero ? "=" : ">",
      fill: isZero ? "0" : " ",
      sign: flags.includes("+") ? "+" : flags.includes(" ") ? " " : "",
      prefixed: flags.includes("#"),
    };
  }
  const { align, fill, sign, zero, hash, group } = groups;
  return {
    ...PLAIN,
    ...sized,
    align: (align as Conversion["align"] | undefined) ?? (zero !== undefined ? "=" : isNumber ? ">" : "<"),
    fill: fill ?? (zero === undefined ? " " : "0"),
    sign: sign === "+" || sign === " " ? sign : "",
    prefixed: hash !== undefined,
    group: group === "," || group === "_" ? group : "",
  };
}
