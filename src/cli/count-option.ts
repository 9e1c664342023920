import { InvalidArgumentError } from "commander";

/** Parses the value of an option: a whole number from 1 on. */
export function countOption(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number, at least 1.");
  return value;
}
