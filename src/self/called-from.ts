import { fileURLToPath } from "node:url";
import { placeOf } from "./library-folder.ts";

/** What the URL of a second instance of a module ends with. */
export const SECOND_INSTANCE = "?zmqpipeline";

/** Whether code of a file has called this function, directly or through others. */
export function isCalledFrom(path: string): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = Number.POSITIVE_INFINITY;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return stack
    .split("\n")
    .slice(1)
    .some((frame) => pathOf(placeOf(frame)) === path);
}

function pathOf(place: string | undefined): string | undefined {
  const file = place?.replace(/:\d+$/, "");
  return file?.startsWith("file:") ? fileURLToPath(file) : file;
}
