import { InvalidArgumentError } from "commander";

/** Parses the value of an option: a whole number from 1 on. */
export function countOption(text: string): number {
  return wholeNumber(text, 1);
}

/** Parses the value of an option: a whole number from 0 on. */
export function countOrNoneOption(text: string): number {
  return wholeNumber(text, 0);
}

function wholeNumber(text: string, least: number): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new InvalidArgumentError(`It must be a whole number, at least ${least}.`);
  return value;
}
