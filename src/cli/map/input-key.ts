import { describeKind } from "../../role/known-options.ts";

/** The field that stands for the whole input. */
const WHOLE = ".";

/**
 * Makes the function that gives an input's key.
 *
 * @param field - The name of a field of each input; dots reach into objects within it. `.` is the whole input.
 * @returns A function that throws TypeError when an input has no such field, or a value that is neither text nor a number.
 */
export function inputKey(field: string): (input: unknown) => string {
  return (input) => {
    if (field === WHOLE) return typeof input === "string" ? input : JSON.stringify(input);
    const value = valueAt(input, field);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      return String(value);
    const shown = JSON.stringify(input).slice(0, 100);
    const problem = value === undefined ? "there is no such field" : `the field is ${describeKind(value)}`;
    throw new TypeError(`--key ${field}: ${problem} in the input ${shown}`);
  };
}

function valueAt(input: unknown, field: string): unknown {
  if (typeof input !== "object" || input === null) return undefined;
  if (Object.hasOwn(input, field)) return Reflect.get(input, field);
  const dot = field.indexOf(".");
  if (dot < 0 || !Object.hasOwn(input, field.slice(0, dot))) return undefined;
  return valueAt(Reflect.get(input, field.slice(0, dot)), field.slice(dot + 1));
}
