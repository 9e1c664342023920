import { escaped } from "./text-encoder.ts";

/** How a format shows a field: Python's flags, width, precision and type. */
export interface Conversion {
  readonly type: string;
  readonly align: "<" | ">" | "^" | "=";
  readonly fill: string;
  readonly sign: "" | "+" | " ";
  /** Whether hexadecimal, octal and binary numbers begin with `0x`, `0o` and `0b`. */
  readonly prefixed: boolean;
  readonly width: number;
  readonly precision: number | undefined;
  /** What separates the thousands. */
  readonly group: "" | "," | "_";
}

/** The types that show numbers. */
export const NUMBER_TYPES = ["d", "i", "u", "n", "f", "F", "e", "E", "g", "G", "x", "X", "o", "b", "%"];
export const TEXT_TYPES = ["s", "r", "a"];

/** Shows a value as Python's formats do. */
export function convert(value: string | number, conversion: Conversion): string {
  const { type } = conversion;
  if (!NUMBER_TYPES.includes(type)) {
    const text = type === "s" || typeof value === "number" ? String(value) : quoted(value, type === "a");
    return pad("", [...text].slice(0, conversion.precision).join(""), conversion);
  }
  const number = value as number; // recordField() has refused text
  const sign = number < 0 ? "-" : conversion.sign;
  const prefix = conversion.prefixed && "xXob".includes(type) ? `0${type}` : "";
  return pad(`${sign}${prefix}`, grouped(digits(Math.abs(number), conversion), conversion.group), conversion);
}

/** A text as a literal of Python's. */
function quoted(text: string, isAscii: boolean): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(isAscii ? /[^ -~]|['\\]/gu : /[\p{C}\p{Zl}\p{Zp}'\\]/gu, (char) => {
    if (char === "'") return mark === "'" ? "\\'" : char;
    const short = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }[char];
    return short ?? escaped(char);
  });
  return `${mark}${body}${mark}`;
}

function grouped(text: string, mark: string): string {
  if (mark === "") return text;
  const [whole = "", ...rest] = text.split(/(?=[.e%])/);
  return whole.replace(/\B(?=(\d{3})+$)/g, mark) + rest.join("");
}

/** The shorter of both ways, as C's `%g` has it: so many digits, without zeros at the end. */
function general(number: number, precision: number): string {
  const digits = Math.max(1, precision);
  const [mantissa = "", exponent = "0"] = number.toExponential(digits - 1).split("e");
  const short = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (Number(exponent) < -4 || Number(exponent) >= digits)
    return `${short(mantissa)}e${exponent.replace(/^([+-])(\d)$/, "$10$2")}`;
  return short(number.toFixed(digits - 1 - Number(exponent)));
}

function digits(number: number, { type, precision }: Conversion): string {
  switch (type) {
    case "f":
    case "F":
      return number.toFixed(precision ?? 6);
    case "e":
    case "E": {
      const text = number.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, "e$10$2");
      return type === "E" ? text.toUpperCase() : text;
    }
    case "n":
      return String(number);
    case "%":
      return `${(number * 100).toFixed(precision ?? 6)}%`;
    case "g":
      return general(number, precision ?? 6);
    case "G":
      return general(number, precision ?? 6).toUpperCase();
    default: {
      const base = type === "b" ? 2 : type === "o" ? 8 : type.toLowerCase() === "x" ? 16 : 10;
      const text = Math.trunc(number)
        .toString(base)
        .padStart(precision ?? 0, "0");
      return type === "X" ? text.toUpperCase() : text;
    }
  }
}

function pad(lead: string, text: string, { align, fill, width }: Conversion): string {
  const missing = Math.max(0, width - lead.length - [...text].length);
  if (align === "<") return lead + text + fill.repeat(missing);
  if (align === ">") return fill.repeat(missing) + lead + text;
  if (align === "=") return lead + fill.repeat(missing) + text;
  const left = Math.floor(missing / 2);
  return fill.repeat(left) + lead + text + fill.repeat(missing - left);
}
