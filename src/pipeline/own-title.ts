import { basename } from "node:path";
import { isOwnPlace } from "../self/library-folder.ts";

/** Longest title, in UTF-16 units. */
const MAX = 200;

/** The command that this process runs, for people: `zmqpipeline run squares.mjs`, `main.mjs --all`. */
export function ownTitle(): string {
  const [, script = "node", ...args] = process.argv;
  return [nameOf(script), ...args].join(" ").slice(0, MAX);
}

function nameOf(script: string): string {
  return isOwnPlace(script) ? "zmqpipeline" : basename(script);
}
