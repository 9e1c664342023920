import { InvalidArgumentError } from "commander";

/** A whole number from 1 on. */
export function countOption(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number, at least 1.");
  return value;
}

/** A path. */
export function journalOption(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must be a path.");
  return text;
}
