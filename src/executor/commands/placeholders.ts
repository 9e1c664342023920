import { basename, dirname, extname } from "node:path";
import { isWellFormed, PayloadTypeError } from "../../protocol/payload/payload-check.ts";
import { toJson } from "./json-data.ts";

/**
 * `{{…}}`, which stands for `{…}`; `{}`; members, such as `{path}`, `{user.name}` or `{[First name]}`; parts of an array, such as `{1}`; and
 * behind each of these the part of a path: `{/.}`, `{path.}`, `{1//}`. Other braces are text.
 */
const PLACEHOLDER =
  /\{\{([^{}]*)\}\}|\{([1-9]\d*|(?:[\p{L}_$][\p{L}\p{N}_$-]*|\[[^[\]{}]+\])(?:\.(?:[\p{L}\p{N}_$-]+|\[[^[\]{}]+\]))*|)(\.|\/\.|\/\/|\/|)\}/gu;

/** The members that a placeholder names, one within the other; in brackets, a name has any characters. */
const MEMBER = /\[([^\]]+)\]|([^.[\]]+)/g;

/** Braces, which may be a placeholder or not. */
const BRACES = /\{\{[^{}]*\}\}|\{([^{}]+)\}/g;

/** The parts of a path, with the letters of GNU parallel. */
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
  return args.map((argument) => {
    assertNoColumn(argument, data);
    return argument.replace(
      PLACEHOLDER,
      (_all, literal: string | undefined, name: string | undefined, part: string | undefined) =>
        literal === undefined ? filled(name ?? "", part ?? "", data) : `{${literal}}`,
    );
  });
}

/** @throws PayloadTypeError for braces that are text, around the name of a member: a placeholder was meant. */
function assertNoColumn(argument: string, data: unknown): void {
  if (typeof data !== "object" || data === null) return;
  for (const [all, name] of argument.matchAll(BRACES))
    if (name !== undefined && Object.hasOwn(data, name) && namesIn(all).length === 0)
      throw new PayloadTypeError(
        `${all} is text, and the item has a member of that name: in brackets, {[${name}]}, it is a placeholder; in doubled braces, {${all}}, it stays text`,
      );
}

/** @param name - A member, or the number of an array's part; empty: the whole item. @param part - Which part of a path; empty: all of it. */
function filled(name: string, part: string, data: unknown): string {
  const shown = `{${name}${part}}`;
  const value = name === "" ? data : /^\d/.test(name) ? elementOf(data, name) : memberOf(data, name);
  if (value === undefined || value === null)
    throw new PayloadTypeError(withoutValue(shown, name, value, data));
  const partOf = PATH_PARTS.get(part);
  if (partOf !== undefined && typeof value !== "string")
    throw new PayloadTypeError(
      `${shown} is a part of a path, and ${name === "" ? "this item" : `{${name}}`} is no text`,
    );
  if (isBytes(value))
    throw new PayloadTypeError(
      `${shown} is binary data, which no argument of a program can hold: without placeholders, a program gets the item as its standard input`,
    );
  const text = textOf(value);
  if (text.includes("\0"))
    throw new PayloadTypeError(`${shown} has a null character, which no argument of a program can hold`);
  if (!isWellFormed(text))
    throw new PayloadTypeError(
      `${shown} has half of a character (a lone surrogate), which no argument can hold`,
    );
  return partOf === undefined ? text : partOf(text);
}

function withoutValue(shown: string, name: string, value: unknown, data: unknown): string {
  if (name === "") return `${shown} has no value: the item is empty`;
  if (value === null) return `${shown} has no value: it is null`;
  if (/^\d/.test(name))
    return `${shown} has no value: the item is ${Array.isArray(data) ? `an array of ${data.length}` : "no array; {} is the whole item"}. Doubled braces, {${shown}}, stand for the text ${shown}`;
  return `${shown} has no value: the item has ${membersOf(data)}`;
}

/** A part of an array, counted from 1, as GNU parallel counts its sources. */
function elementOf(data: unknown, name: string): unknown {
  return Array.isArray(data) ? (data as readonly unknown[])[Number(name) - 1] : undefined;
}

function memberOf(data: unknown, path: string): unknown {
  let value = data;
  for (const [, bracketed, plain] of path.matchAll(MEMBER)) {
    const name = bracketed ?? plain ?? "";
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/**
 * A text as it is, a date and a bigint as text, anything else as JSON.
 *
 * @throws PayloadTypeError for a value that JSON cannot express.
 */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return String(value);
  const json = toJson(value);
  return value instanceof Date ? (JSON.parse(json) as string) : json;
}

/** An item as the standard input of a program: binary data as they are, anything else as a line. */
export function inputOf(item: unknown): string | Uint8Array {
  if (isBytes(item)) return item;
  return `${item === undefined || item === null ? "" : textOf(item)}\n`;
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function membersOf(data: unknown): string {
  const names = typeof data === "object" && data !== null ? Object.keys(data).slice(0, 20) : [];
  return names.length === 0 ? "no members" : `only ${names.join(", ")}`;
}
