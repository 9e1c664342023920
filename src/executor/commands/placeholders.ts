import { basename, dirname, extname } from "node:path";
import { replaceForJson } from "../../protocol/json-values.ts";
import { PayloadTypeError } from "../../protocol/payload/payload-check.ts";

/** `{{…}}`, which stands for `{…}`; `{}`; the parts of a path; and members, such as `{path}` or `{user.name}`. Other braces are text. */
const PLACEHOLDER =
  /\{\{([^{}]*)\}\}|\{(|\.|\/|\/\.|\/\/|[\p{L}_$][\p{L}\p{N}_$-]*(?:\.[\p{L}\p{N}_$-]+)*)\}/gu;

/** Placeholders for parts of an input that is a path, as of GNU parallel. */
const PATH_PARTS = new Map<string, (path: string) => string>([
  [".", (path) => path.slice(0, path.length - extname(path).length)],
  ["/", (path) => basename(path)],
  ["//", (path) => dirname(path)],
  ["/.", (path) => basename(path, extname(path))],
]);

/** Whether any of these arguments has a placeholder. */
export function havePlaceholders(args: readonly string[]): boolean {
  return args.some((argument) => namesIn(argument).length > 0);
}

function namesIn(argument: string): string[] {
  return [...argument.matchAll(PLACEHOLDER)].flatMap(([, , name]) => (name === undefined ? [] : [name]));
}

/**
 * Puts an item into the placeholders of a program's arguments. What comes from the item stays within its argument, whatever characters it has.
 *
 * @throws PayloadTypeError when the item has no such member, or one that no argument can hold.
 */
export function fillPlaceholders(args: readonly string[], data: unknown): string[] {
  return args.map((argument) =>
    argument.replace(PLACEHOLDER, (_all, literal: string | undefined, name: string | undefined) =>
      literal === undefined ? filled(name ?? "", data) : `{${literal}}`,
    ),
  );
}

function filled(name: string, data: unknown): string {
  const part = PATH_PARTS.get(name);
  if (part !== undefined) {
    if (typeof data === "string") return part(data);
    throw new PayloadTypeError(`{${name}} is a part of an input that is a path, and this input is no text`);
  }
  const value = name === "" ? data : memberOf(data, name);
  const text = textOf(value);
  if (text === undefined)
    throw new PayloadTypeError(
      `{${name}} has no value: ${name === "" ? "the item is empty" : `the item has ${membersOf(data)}`}`,
    );
  if (text.includes("\0"))
    throw new PayloadTypeError(`{${name}} has a null character, which no argument of a program can hold`);
  return text;
}

function memberOf(data: unknown, path: string): unknown {
  let value = data;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/** A text as it is; anything else as JSON. */
export function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : plainText(JSON.stringify(value, replaceForJson));
}

/** A bigint, a date and binary data become texts of JSON: the text itself is meant. */
function plainText(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

function membersOf(data: unknown): string {
  const names = typeof data === "object" && data !== null ? Object.keys(data).slice(0, 20) : [];
  return names.length === 0 ? "no members" : `only ${names.join(", ")}`;
}
