import { type Command, InvalidArgumentError } from "commander";

/** A whole number from 1 on. */
export function countOption(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number, at least 1.");
  return value;
}

/** What becomes of failures, and where the run is written down. */
export function addLedgerOptions(command: Command): Command {
  return command
    .option("-j, --journal <file>", "keep a journal, and go on from it where there is one", journalOption)
    .option("--retry-failed", "with a journal: execute once more what failed for good", false)
    .option("--max-failures <n>", "end the run when more items have failed for good", countOption);
}

/** A path. */
function journalOption(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must be a path.");
  return text;
}
