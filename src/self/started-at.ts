import { fileURLToPath } from "node:url";
import { LIBRARY_FOLDER } from "./library-folder.ts";

const OWN_FOLDER = LIBRARY_FOLDER === undefined ? undefined : fileURLToPath(LIBRARY_FOLDER);

/** @returns The place in the user's code that has called this library, as ` (at file:line)`; empty if it is unknown. */
export function startedAt(): string {
  const lines = (new Error().stack ?? "").split("\n").slice(1);
  const users = lines
    .map((line) => /\(?((?:file:\/\/)?[^\s()]+:\d+):\d+\)?$/.exec(line)?.[1])
    .find((place) => place !== undefined && !isOwn(place) && !place.startsWith("node:"));
  return users === undefined ? "" : ` (at ${users})`;
}

function isOwn(place: string): boolean {
  return OWN_FOLDER !== undefined && place.replace(/^file:\/\//, "").startsWith(OWN_FOLDER);
}
