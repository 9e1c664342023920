import { replaceForJson } from "../protocol/json-values.ts";
import type { Screen } from "./progress-view.ts";

/** Where a command writes: results to `out`; everything else to `err`, which may be a terminal. */
export interface Output {
  out(text: string): void;
  readonly err: Screen;
  /** Aborted when results cannot be written any more; its reason is the error. */
  readonly lost: AbortSignal;
}

/** What a command ends with; 130 and 143 where a signal ended it, 141 where nobody read its output any more. */
export const EXIT = { ok: 0, runtime: 1, usage: 2, failures: 3, limit: 4, unread: 141 } as const;

/** What commands share. */
export interface CommandContext {
  readonly output: Output;
  /** What the process will end with. */
  exitCode: number;
}

/** One line of JSON, with the version of what is in it: raised when a field changes its meaning or goes. */
export function printJson({ output }: CommandContext, content: object): void {
  output.out(`${JSON.stringify({ schema: 1, ...content }, replaceForJson)}\n`);
}
