import { isUtf8 } from "node:buffer";
import { cutText } from "../../protocol/thrown.ts";
import { isNestedDeeper } from "./json-depth.ts";

/** Most items that a program may ask for at a time. */
const MAX_CONCURRENCY = 10_000;

/** How much of a wrong line is shown, in characters. */
const SHOWN = 200;

/** A line from this length on is looked at before it is parsed, in characters: deep nesting costs a parser much time and memory. */
const LONG_LINE = 1 << 20;

/** Deepest nesting of a long line. A result may have a hundred levels. */
const MAX_DEPTH = 1000;

const NO_REASON = "The program gave no reason";

/** What stands for a character that is no UTF-8. */
const REPLACEMENT = "\uFFFD";

/** The program takes items now, up to `concurrency` at a time, and perhaps lines that say which of them may end early. */
export interface ReadyAnswer {
  readonly kind: "ready";
  readonly concurrency: number;
  readonly takesCancel: boolean;
}

/** What a line of a program says. */
export type JsonAnswer =
  | ReadyAnswer
  | { readonly kind: "empty" }
  | { readonly kind: "result"; readonly id: string; readonly result: unknown }
  | { readonly kind: "error"; readonly id: string; readonly error: unknown }
  /** The line is none of these. */
  | { readonly kind: "wrong"; readonly reason: string };

type Line = Readonly<Record<string, unknown>>;

/** Reads one line that a program wrote to its standard output. */
export function readAnswer(bytes: Buffer): JsonAnswer {
  const line = bytes.toString("utf8").trim(); // a byte order mark is white space, too
  if (line === "") return { kind: "empty" };
  if (line.includes(REPLACEMENT) && !isUtf8(bytes)) return wrong("a line that is no UTF-8", line);
  if (line.length > LONG_LINE && isNestedDeeper(line, MAX_DEPTH))
    return wrong(`a line of more than ${MAX_DEPTH} levels`, line);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return wrong("a line that is no JSON", line, ". Its log belongs on standard error");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return wrong("a line that is no JSON object", line);
  const { id } = value as Line;
  if ((value as Line).ready === true && id === undefined) return readyOf(value as Line, line);
  if (typeof id !== "string") return wrong("a line without the id of an item", line);
  const { error, result } = value as Line;
  const hasResult = Object.hasOwn(value, "result");
  // Some languages write all members always: an empty error beside a result is none.
  const hasError = error !== undefined && error !== null && !(hasResult && (error === "" || error === false));
  if (hasError) return { kind: "error", id, error: thrownOf(error) };
  if (hasResult) return { kind: "result", id, result };
  return wrong('a line with neither "result" nor "error"', line);
}

function readyOf({ concurrency = 1, cancel = false }: Line, line: string): JsonAnswer {
  const isCount =
    Number.isSafeInteger(concurrency) && Number(concurrency) >= 1 && Number(concurrency) <= MAX_CONCURRENCY;
  if (!isCount) return wrong(`a ready line whose concurrency is not from 1 to ${MAX_CONCURRENCY}`, line);
  if (typeof cancel !== "boolean") return wrong("a ready line whose cancel is neither true nor false", line);
  return { kind: "ready", concurrency: Number(concurrency), takesCancel: cancel };
}

export function wrong(
  what: string,
  line: string,
  advice = "",
): { readonly kind: "wrong"; readonly reason: string } {
  return {
    kind: "wrong",
    reason: `The program wrote ${what} to its standard output: ${cutText(line, SHOWN)}${advice}`,
  };
}

/** An error of a program, which has a name, a message, a stack, and further members; or is a text. */
function thrownOf(error: unknown): unknown {
  if (typeof error !== "object" || error === null || Array.isArray(error))
    return Object.assign(new Error(asText(error) || NO_REASON), { stack: "" });
  const { name = "Error", message, stack = "", ...members } = error as Line;
  const text = asText(message ?? (Object.keys(members).length > 0 ? members : ""));
  return Object.assign(new Error(text || (name === "Error" ? NO_REASON : "")), members, {
    name: String(name),
    stack: typeof stack === "string" ? stack : "",
  });
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
