import { inspect } from "node:util";
import { describeThrown, isError, propertyOf } from "../protocol/thrown.ts";
import { isOwnPlace, placeOf } from "../self/library-folder.ts";

/** How many causes are printed below an error. */
const MAX_CAUSES = 8;

/** The full text of a thrown value, for a terminal: stack, causes and properties. Never throws. */
export function errorText(thrown: unknown): string {
  try {
    return isError(thrown) ? inspect(thrown) : describeThrown(thrown);
  } catch {
    return describeThrown(thrown);
  }
}

/** Whether the library threw this because the user's file uses it wrongly. The message says what is wrong; the library's stack adds nothing. */
export function isMisuse(thrown: unknown): thrown is TypeError | RangeError {
  if (!(thrown instanceof TypeError || thrown instanceof RangeError) || thrown.cause !== undefined)
    return false;
  const place = placeOf(/^ +at .*$/m.exec(thrown.stack ?? "")?.[0] ?? "");
  return place !== undefined && isOwnPlace(place);
}

/** A line for each cause of an error, and for each part of an `AggregateError`. A text that is already printed above is left out. */
export function causesText(thrown: unknown): string {
  let above = describeThrown(thrown);
  const lines: string[] = [];
  const tell = (below: unknown) => {
    const text = `${labelOf(below)}${describeThrown(below)}`;
    if (above.includes(describeThrown(below))) return;
    const code = propertyOf(below, "code");
    lines.push(`  cause: ${text}${typeof code === "string" && !text.includes(code) ? ` (${code})` : ""}\n`);
    above += text;
  };
  let below = propertyOf(thrown, "cause");
  for (let depth = 0; below !== undefined && depth < MAX_CAUSES; depth += 1) {
    tell(below);
    const errors = propertyOf(below, "errors");
    if (Array.isArray(errors)) for (const each of errors.slice(0, MAX_CAUSES)) tell(each);
    below = propertyOf(below, "cause");
  }
  return lines.join("");
}

function labelOf(thrown: unknown): string {
  const name = propertyOf(thrown, "name");
  return typeof name === "string" && name !== "" && name !== "Error" ? `${name}: ` : "";
}
