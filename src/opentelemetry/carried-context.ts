import { type Context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { MAX_CONTEXT_BYTES } from "../protocol/limits.ts";

/** The last one that was read: mostly that of a whole run. */
let last = { text: "", context: ROOT_CONTEXT };

/** @returns What the propagators put into messages, as a line each; empty where it is nothing, or more than fits. */
export function writeContext(context: Context): string {
  const carrier: Record<string, string> = {};
  propagation.inject(context, carrier);
  const text = Object.entries(carrier)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
  return Buffer.byteLength(text) > MAX_CONTEXT_BYTES ? "" : text;
}

/** Reads what a peer sent: that context, and nothing of what is active here. What is no line of ours is left out. */
export function readContext(text: string): Context {
  if (text === last.text) return last.context;
  const carrier: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) carrier[line.slice(0, at).toLowerCase()] = line.slice(at + 1);
  }
  last = { text, context: propagation.extract(ROOT_CONTEXT, carrier) };
  return last.context;
}
