/** What a summary says about the command that ran, beside the run itself. */
export interface SummaryContext {
  /** The path of the run's journal, if it had one. */
  readonly journal: string | undefined;
  /** The command's arguments. */
  readonly args: readonly string[];
  /** What else the command needs to go on: `the same inputs`. */
  readonly needs?: string | undefined;
  /** Whether the rest of the inputs could not be read, so that the run is complete only as far as it went. */
  readonly isBroken?: boolean;
  /** Where all failures are, or how they are kept; by default, this is the journal. Empty: it is said elsewhere. */
  readonly allFailures?: string;
}
