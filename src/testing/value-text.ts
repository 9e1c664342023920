import { inspect } from "node:util";

/** Longest text of a value in a message. */
const MOST_CHARACTERS = 120;

/** A value in a message, on one line. */
export function valueText(value: unknown, mostCharacters = MOST_CHARACTERS): string {
  const options = {
    depth: 4,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: 20,
    maxStringLength: 1000,
  };
  const text = inspect(value, options);
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters - 1)}…` : text;
}
