import { InvalidArgumentError } from "commander";

/** Parses the value of an option: a whole number from 1 on. */
export function countOption(text: string): number {
  return wholeNumber(text, 1);
}

/** Parses the value of an option: a whole number from 0 on. */
export function countOrNoneOption(text: string): number {
  return wholeNumber(text, 0);
}

/** Makes the parser of an option: a whole number from `least` to `most`. */
export function countWithin(least: number, most: number): (text: string) => number {
  return (text) => wholeNumber(text, least, most);
}

function wholeNumber(text: string, least: number, most = Number.POSITIVE_INFINITY): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new InvalidArgumentError(
      Number.isFinite(most)
        ? `It must be a whole number from ${least} to ${most}.`
        : `It must be a whole number, at least ${least}.`,
    );
  return value;
}
