/** How a format shows a field: Python's flags, width, precision and type. */
export interface Conversion {
  readonly type: string;
  readonly align: "<" | ">" | "^" | "=";
  readonly fill: string;
  readonly sign: "" | "+" | " ";
  /** Whether hexadecimal and octal numbers begin with `0x` and `0o`. */
  readonly prefixed: boolean;
  readonly width: number;
  readonly precision: number | undefined;
}

/** The types that show numbers. */
export const NUMBER_TYPES = ["d", "i", "u", "f", "F", "e", "E", "x", "X", "o"];
export const TEXT_TYPES = ["s", "r", "a"];

/** Shows a value as Python's formats do. */
export function convert(value: string | number, conversion: Conversion): string {
  const { type } = conversion;
  if (!NUMBER_TYPES.includes(type)) {
    const text =
      type === "s" ? String(value) : typeof value === "string" ? JSON.stringify(value) : String(value);
    return pad("", [...text].slice(0, conversion.precision).join(""), conversion);
  }
  const number = value as number; // recordField() has refused text
  const sign = number < 0 ? "-" : conversion.sign;
  const prefix = conversion.prefixed && "xXo".includes(type) ? `0${type}` : "";
  return pad(`${sign}${prefix}`, digits(Math.abs(number), conversion), conversion);
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
    default: {
      const base = type === "o" ? 8 : type.toLowerCase() === "x" ? 16 : 10;
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
