import { fileURLToPath } from "node:url";

/** The folder of this library; nothing where a bundler has moved it. */
const OWN_FOLDER = ownFolder();

/** @returns Where the user's code has called this library, in words with a space before them; empty where that is not known. */
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

function ownFolder(): string | undefined {
  try {
    return fileURLToPath(new URL("../", import.meta.url));
  } catch {
    return undefined;
  }
}
