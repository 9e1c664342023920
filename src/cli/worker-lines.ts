import type { OutputSource } from "../pipeline/pipeline-options.ts";
import { withoutColours } from "../structures/visible-text.ts";

/**
 * Passes on what workers print, behind the worker's number.
 *
 * @param line - Writes a line for the user.
 * @param isQuiet - Whether only what workers write to their standard error is passed on.
 */
export function workerLines(
  line: (text: string) => void,
  isQuiet: boolean,
): (text: string, source: OutputSource) => void {
  return (text, { worker, stream }) => {
    if (isQuiet && stream === "stdout") return;
    line(`[worker ${worker}] ${withoutColours(text)}`);
  };
}
