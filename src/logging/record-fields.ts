import { basename } from "node:path";
import { isMainThread, threadId } from "node:worker_threads";
import type { LogRecord } from "@logtape/logtape";
import { visibleText } from "../structures/visible-text.ts";
import { LEVEL_NAMES, LEVEL_NUMBERS } from "./level.ts";

/** What a format shows of a record. */
export type RecordField = (record: LogRecord) => string | number;

/** The fields that have numbers: only these can be formatted as one. */
const NUMBERS: Readonly<Record<string, (record: LogRecord) => number>> = {
  levelno: (record) => LEVEL_NUMBERS[record.level],
  created: (record) => record.timestamp / 1000,
  msecs: (record) => record.timestamp % 1000,
  relativeCreated: (record) => record.timestamp - performance.timeOrigin,
  process: () => process.pid,
  thread: () => threadId,
};

const TEXTS: Readonly<Record<string, (record: LogRecord) => string>> = {
  levelname: (record) => LEVEL_NAMES[record.level],
  name: (record) => record.category.join("."),
  module: (record) => record.category.at(-1) ?? "",
  processName: () => basename(process.argv[1] ?? "node"),
  threadName: () => (isMainThread ? "MainThread" : `Thread-${threadId}`),
  // Every second part is a value, and may come from another process. The others are the program's own text.
  message: ({ message }) =>
    message.map((part, index) => (index % 2 === 1 ? visibleText(show(part)) : String(part))).join(""),
};

/** Whether a field is a number: style `{` shows it as one without being told. */
export function isNumberField(name: string): boolean {
  return Object.hasOwn(NUMBERS, name);
}

/** Fields of Python's that would need a stack trace for each line. */
const PLACES = ["pathname", "filename", "lineno", "funcName"];

/**
 * @param asctime - Shows the time of a record.
 * @param isNumber - Whether the format shows the field as a number.
 * @throws TypeError when there is no such field, or when it has no number.
 */
export function recordField(name: string, asctime: (date: Date) => string, isNumber: boolean): RecordField {
  const number = Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
  if (number !== undefined) return number;
  const text =
    name === "asctime"
      ? (record: LogRecord) => asctime(new Date(record.timestamp))
      : Object.hasOwn(TEXTS, name)
        ? TEXTS[name]
        : undefined;
  if (text === undefined) {
    const known = ["asctime", ...Object.keys(TEXTS), ...Object.keys(NUMBERS)].join(", ");
    const why = PLACES.includes(name) ? "; lines do not know their place in the code" : "";
    throw new TypeError(`Log format field %(${name})s must be one of ${known}${why}`);
  }
  if (isNumber)
    throw new TypeError(`Log format field ${JSON.stringify(name)} is text, and cannot be shown as a number`);
  return text;
}

function show(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
