import { inspect } from "node:util";
import { describeThrown, isError, propertyOf } from "../protocol/thrown.ts";
import { isUserFrame } from "../self/user-frames.ts";

/** How many causes are printed below an error. */
const MAX_CAUSES = 8;

/** How many frames of the user's code are printed. */
const MAX_FRAMES = 5;

/**
 * The full text of a thrown value, for a terminal: stack, causes and properties. Where the user's code is in the stack, frames of this library and
 * of Node are left out. Never throws.
 */
export function errorText(thrown: unknown): string {
  try {
    return isError(thrown) ? withoutForeignFrames(inspect(thrown)) : describeThrown(thrown);
  } catch {
    return describeThrown(thrown);
  }
}

/** Leaves out frames that are not the user's. A text without any frame of the user's stays as it is: it is a failure of this library's. */
function withoutForeignFrames(text: string): string {
  const lines = text.split("\n");
  if (!lines.some((line) => isUserFrame(withoutBrace(line)))) return text;
  const kept: string[] = [];
  for (const line of lines) {
    if (/^ +\.\.\. \d+ lines matching cause stack trace \.\.\.$/.test(line)) continue;
    const frame = withoutBrace(line);
    if (!/^ +at .*\d\)?$/.test(frame) || isUserFrame(frame)) kept.push(line);
    else if (frame !== line) kept.push(`${kept.pop() ?? ""} {`); // properties follow
  }
  return kept.join("\n");
}

/** A frame that an error's properties follow ends with a brace. */
function withoutBrace(line: string): string {
  return line.replace(/ \{$/, "");
}

/** The frames of the user's code in a thrown value's stack, and in those of its causes: neither of Node, nor of this library. Never throws. */
export function userFrames(thrown: unknown): string[] {
  const frames: string[] = [];
  let at = thrown;
  for (let depth = 0; at !== undefined && depth < MAX_CAUSES; depth += 1) {
    const stack = propertyOf(at, "stack");
    if (typeof stack === "string") frames.push(...stack.split("\n").filter(isUserFrame));
    at = propertyOf(at, "cause");
  }
  return [...new Set(frames.map((frame) => frame.trim()))].slice(0, MAX_FRAMES);
}

/** Why a user's file cannot be imported: its error, and where in the user's code it was thrown. */
export function importErrorText(thrown: unknown): string {
  const frames = userFrames(thrown).map((frame) => `\n    ${frame}`);
  return [`${labelOf(thrown)}${describeThrown(thrown)}${frames.join("")}`, ...causeLines(thrown)].join("\n");
}

/** A line for each cause of an error, and for each part of an `AggregateError`. A text that is already printed above is left out. */
export function causeLines(thrown: unknown): string[] {
  let above = describeThrown(thrown);
  const lines: string[] = [];
  const tell = (below: unknown) => {
    const text = `${labelOf(below)}${describeThrown(below)}`;
    if (above.includes(describeThrown(below))) return;
    const code = propertyOf(below, "code");
    lines.push(`  cause: ${text}${typeof code === "string" && !text.includes(code) ? ` (${code})` : ""}`);
    above += text;
  };
  let below = propertyOf(thrown, "cause");
  for (let depth = 0; below !== undefined && depth < MAX_CAUSES; depth += 1) {
    tell(below);
    const errors = propertyOf(below, "errors");
    if (Array.isArray(errors)) for (const each of errors.slice(0, MAX_CAUSES)) tell(each);
    below = propertyOf(below, "cause");
  }
  return lines;
}

function labelOf(thrown: unknown): string {
  const name = propertyOf(thrown, "name");
  return typeof name === "string" && name !== "" && name !== "Error" ? `${name}: ` : "";
}
