import { type Command, InvalidArgumentError } from "commander";
import type { JournalOptions } from "../../journal/journal-options.ts";
import { countOrNoneOption } from "../count-option.ts";
import { FileError } from "../file-error.ts";

/** What the command line says about the journal. */
export interface LedgerOptions {
  readonly journal?: string;
  readonly retryFailed?: boolean;
  readonly incremental?: boolean;
}

/** Adds the options for the journal and for items that fail. */
export function addLedgerOptions(command: Command): Command {
  return command
    .option("-j, --journal <file>", "keep a journal; if the file exists, continue its run", journalOption)
    .option("--retry-failed", "with a journal: execute failed items once more")
    .option(
      "--incremental",
      "with a journal: execute only items whose key() is new; the journal is kept for the next run",
    )
    .option(
      "--max-failures <n>",
      "end the run when more than this many items have failed",
      countOrNoneOption,
    );
}

/**
 * Adds the command line's journal options to those of the user's file.
 *
 * @throws FileError when an option needs a journal, and neither the command line nor the file names one.
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
  throw new FileError(`${option} needs --journal FILE: the journal knows which items were executed`);
}

function isNamed(journal: Partial<JournalOptions>): journal is JournalOptions {
  return journal.path !== undefined;
}

function journalOption(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must be a path.");
  return text;
}
