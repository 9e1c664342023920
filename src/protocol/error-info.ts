import { MAX_ERROR_TEXT } from "./limits.ts";
import type { ErrorInfo } from "./message.ts";

/** What crosses the wire of anything that was thrown, cut to a bounded length. Never throws itself. */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  try {
    if (thrown instanceof Error || (typeof thrown === "object" && thrown !== null && "message" in thrown)) {
      const error = thrown as Partial<Record<"name" | "message" | "stack" | "code", unknown>>;
      return {
        name: cut(error.name ?? "Error"),
        message: cut(error.message ?? ""),
        stack: cut(error.stack ?? ""),
        code: cut(error.code ?? ""),
      };
    }
    return { name: "Error", message: cut(thrown), stack: "", code: "" };
  } catch {
    // A getter or toString of the thrown value threw in its turn; there is nothing more to learn from it.
    return { name: "Error", message: "A value that cannot be described was thrown", stack: "", code: "" };
  }
}

function cut(value: unknown): string {
  const text = String(value);
  return text.length <= MAX_ERROR_TEXT ? text : `${text.slice(0, MAX_ERROR_TEXT - 1)}…`;
}
