import { userStack } from "../self/user-frames.ts";
import type { ErrorInfo } from "./batch-message.ts";
import { cutText, describeThrown, describeValue, isError, propertyOf } from "./thrown.ts";

/** Longest name and code, in UTF-16 units. */
const MAX_LABEL = 1024;

/** Reads the four texts of a thrown value; the stack without frames of Node and of this library. @param limit - Longest message and stack, in UTF-16 units. */
export function errorTexts(thrown: unknown, limit: number): Omit<ErrorInfo, "detail"> {
  const stack = propertyOf(thrown, "stack");
  return {
    name: cutText(nameOf(thrown), MAX_LABEL),
    message: cutText(messageOf(thrown), limit),
    stack: typeof stack === "string" ? cutText(userStack(stack), limit) : "",
    code: cutText(textOf(propertyOf(thrown, "code")), MAX_LABEL),
  };
}

/** The value's own name, or its class's name: a thrown `new Refusal()` without a `name` is called Refusal. */
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
  // This error's message is not a string. Describing the error itself would give its stack.
  if (isError(thrown)) return textOf(message);
  return message === undefined || message === null ? describeThrown(thrown) : textOf(message);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : describeValue(value);
}
