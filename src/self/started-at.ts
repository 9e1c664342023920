import { isOwnPlace, placeOf } from "./library-folder.ts";

/** @returns The place in the user's code that has called this library, as ` (at file:line)`; empty if it is unknown. */
export function startedAt(): string {
  const lines = (new Error().stack ?? "").split("\n").slice(1);
  const users = lines
    .map(placeOf)
    .find((place) => place !== undefined && !isOwnPlace(place) && !place.startsWith("node:"));
  return users === undefined ? "" : ` (at ${users})`;
}
