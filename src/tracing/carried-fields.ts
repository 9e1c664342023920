/**
 * The fields of a trace context as messages carry it: one `name=value` a line. Lines of another form are ignored.
 *
 * @returns The values by name, in lower case: `{ traceparent: "00-…" }`.
 */
export function carriedFields(context: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of context.split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) fields[line.slice(0, at).toLowerCase()] = line.slice(at + 1);
  }
  return fields;
}
