import { jsonText } from "../protocol/json-values.ts";
import type { Screen } from "../terminal/screen.ts";
import type { TextWriter } from "../terminal/text-writer.ts";

/**
 * The streams of a command. Data go to `data`, as they are: JSON, metrics, results. Text for people goes to `text`, on the same stream, or to `err`,
 * which show it without control characters of others.
 */
export interface Output {
  data(text: string): void;
  /** Writes data. Resolves when that is done: with false if results can no longer be written. */
  written(text: string): Promise<boolean>;
  /** Resolves when the stream of `data` has room again, or results can no longer be written; `undefined` when it has room. */
  room(): Promise<void> | undefined;
  /** The descriptor of the file that `data` writes to at once, if it is a file. */
  readonly file?: number | undefined;
  /** The stream of `data`, for a progress on the same terminal that must make room. */
  readonly screen: Screen;
  readonly text: TextWriter;
  readonly err: TextWriter;
  /** Aborted when results can no longer be written; the reason is the error. */
  readonly lost: AbortSignal;
}

/** Exit codes of commands; 130 and 143 after a signal, 141 when the reader of the output has closed it. */
export const EXIT = { ok: 0, runtime: 1, usage: 2, failures: 3, limit: 4, unread: 141 } as const;

/** What all commands share. */
export interface CommandContext {
  readonly output: Output;
  /** The arguments of the command line. */
  readonly args: readonly string[];
  /** The exit code of the process. */
  exitCode: number;
}

/** Prints one line of JSON. `schema` is its version, raised when a field is removed or changes its meaning. */
export function printJson({ output }: CommandContext, content: object): void {
  output.data(`${jsonText({ schema: 1, ...content })}\n`);
}
