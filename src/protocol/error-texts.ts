import type { ErrorInfo } from "./batch-message.ts";
import { cutText, describeThrown, describeValue, isError, propertyOf } from "./thrown.ts";

/** Longest name and code, in UTF-16 units: a longer one is no label. */
const MAX_LABEL = 1024;

/** The four texts of anything that was thrown. @param limit - Of message and stack, in UTF-16 units. */
export function errorTexts(thrown: unknown, limit: number): Omit<ErrorInfo, "detail"> {
  const stack = propertyOf(thrown, "stack");
  return {
    name: cutText(nameOf(thrown), MAX_LABEL),
    message: cutText(messageOf(thrown), limit),
    stack: typeof stack === "string" ? cutText(stack, limit) : "",
    code: cutText(textOf(propertyOf(thrown, "code")), MAX_LABEL),
  };
}

/** Its own name, or its class's: a thrown `new Refusal()` without a name is a Refusal. */
function nameOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return "Error";
  const name = propertyOf(thrown, "name");
  if (typeof name === "string" && name !== "") return name;
  if (isError(thrown)) return textOf(name) || "Error";
  const className = propertyOf(propertyOf(thrown, "constructor"), "name");
  return typeof className === "string" && className !== "" && className !== "Object" ? className : "Error";
}

function messageOf(thrown: unknown): string {
  const message = propertyOf(thrown, "message");
  if (typeof message === "string") return message;
  // An error whose message is something else; its stack would be its description.
  if (isError(thrown)) return textOf(message);
  return message === undefined || message === null ? describeThrown(thrown) : textOf(message);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : describeValue(value);
}
