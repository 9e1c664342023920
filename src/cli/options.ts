import { type Command, InvalidArgumentError } from "commander";
import type { JournalOptions } from "../journal/journal-options.ts";
import { FileError } from "./file-error.ts";

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
    .option(
      "--incremental",
      "with a journal: execute only items whose key() is new; the journal is kept for the next time",
      false,
    )
    .option("--max-failures <n>", "end the run when more items have failed for good", countOption);
}

/** What the command's options say of the journal. */
export interface LedgerOptions {
  readonly journal?: string;
  readonly retryFailed?: boolean;
  readonly incremental?: boolean;
}

/**
 * The journal that they ask for, on top of what a file asks for.
 *
 * @throws FileError when they say how to use a journal, and nobody names one.
 */
export function journalOf(
  { journal: path, retryFailed = false, incremental = false }: LedgerOptions,
  exported?: string | JournalOptions,
): { readonly journal?: JournalOptions } {
  const own = typeof exported === "string" ? { path: exported } : exported;
  const asked = {
    ...(path === undefined ? {} : { path }),
    ...(retryFailed ? { retryFailed } : {}),
    ...(incremental ? { keep: true } : {}),
  };
  const journal = { ...own, ...asked };
  if (isNamed(journal)) return { journal };
  if (Object.keys(asked).length === 0) return {};
  const option = incremental ? "--incremental" : "--retry-failed";
  throw new FileError(`${option} needs --journal FILE: the journal knows what was executed`);
}

function isNamed(journal: Partial<JournalOptions>): journal is JournalOptions {
  return journal.path !== undefined;
}

/** A path. */
function journalOption(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must be a path.");
  return text;
}
