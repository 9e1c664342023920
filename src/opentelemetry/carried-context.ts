import { type Context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { MAX_CONTEXT_BYTES } from "../protocol/limits.ts";

/** The context that was read last. Most items of a run carry the same one. */
let last = { text: "", context: ROOT_CONTEXT };

/** @returns The fields that the propagators set, one per line; empty if there are none, or if they are too long for a message. */
export function writeContext(context: Context): string {
  const carrier: Record<string, string> = {};
  propagation.inject(context, carrier);
  const text = Object.entries(carrier)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
  return Buffer.byteLength(text) > MAX_CONTEXT_BYTES ? "" : text;
}

/** Reads the context that a peer sent, independent of the context that is active here. Lines of another form are ignored. */
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
