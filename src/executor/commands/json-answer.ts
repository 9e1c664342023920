import { cutText } from "../../protocol/thrown.ts";

/** Most items that a program may ask for at a time. */
const MAX_CONCURRENCY = 10_000;

/** How much of a wrong line is shown, in characters. */
const SHOWN = 200;

/** What a line of a program says. */
export type JsonAnswer =
  /** It takes items now, up to `concurrency` at a time, and perhaps lines that say which of them may end early. */
  | { readonly kind: "ready"; readonly concurrency: number; readonly takesCancel: boolean }
  | { readonly kind: "result"; readonly id: string; readonly result: unknown }
  | { readonly kind: "error"; readonly id: string; readonly error: unknown }
  /** The line is none of these. */
  | { readonly kind: "wrong"; readonly reason: string };

type Line = Readonly<Record<string, unknown>>;

/** Reads one line that a program wrote to its standard output. */
export function readAnswer(line: string): JsonAnswer {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return wrong("a line that is no JSON", line);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return wrong("a line that is no JSON object", line);
  const { id } = value as Line;
  if ((value as Line).ready === true && id === undefined) return readyOf(value as Line, line);
  if (typeof id !== "string") return wrong("a line without the id of an item", line);
  const { error, result } = value as Line;
  if (error !== undefined && error !== null) return { kind: "error", id, error: thrownOf(error) };
  if (Object.hasOwn(value, "result")) return { kind: "result", id, result };
  return wrong('a line with neither "result" nor "error"', line);
}

function readyOf({ concurrency = 1, cancel = false }: Line, line: string): JsonAnswer {
  const isCount =
    Number.isSafeInteger(concurrency) && Number(concurrency) >= 1 && Number(concurrency) <= MAX_CONCURRENCY;
  if (!isCount) return wrong(`a ready line whose concurrency is not from 1 to ${MAX_CONCURRENCY}`, line);
  if (typeof cancel !== "boolean") return wrong("a ready line whose cancel is neither true nor false", line);
  return { kind: "ready", concurrency: Number(concurrency), takesCancel: cancel };
}

export function wrong(what: string, line: string): { readonly kind: "wrong"; readonly reason: string } {
  return {
    kind: "wrong",
    reason: `The program wrote ${what} to its standard output: ${cutText(line, SHOWN)}`,
  };
}

/** An error of a program, which has a name, a message, a stack, and further members; or is a text. */
function thrownOf(error: unknown): unknown {
  if (typeof error !== "object" || error === null)
    return Object.assign(new Error(String(error)), { stack: "" });
  const { name = "Error", message = "", stack = "", ...members } = error as Line;
  const text = typeof message === "string" ? message : JSON.stringify(message);
  return Object.assign(new Error(text), members, {
    name: String(name),
    stack: typeof stack === "string" ? stack : "",
  });
}
