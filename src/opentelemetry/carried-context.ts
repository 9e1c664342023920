import { type Context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { MAX_CONTEXT_BYTES } from "../protocol/limits.ts";
import { carriedFields } from "../tracing/carried-fields.ts";

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
  last = { text, context: propagation.extract(ROOT_CONTEXT, carriedFields(text)) };
  return last.context;
}
