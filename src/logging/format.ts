import { basename } from "node:path";
import { threadId } from "node:worker_threads";
import type { LogLevel, LogRecord, TextFormatter } from "@logtape/logtape";

/** LogTape's levels by their names in a configuration. */
export const LEVELS: Readonly<Record<string, LogLevel>> = {
  DEBUG: "debug",
  INFO: "info",
  WARNING: "warning",
  WARN: "warning",
  ERROR: "error",
  CRITICAL: "fatal",
  FATAL: "fatal",
};

const LEVEL_NAMES: Readonly<Record<LogLevel, string>> = {
  trace: "DEBUG",
  debug: "DEBUG",
  info: "INFO",
  warning: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};

const FIELDS: Readonly<Record<string, (record: LogRecord) => string>> = {
  levelname: (record) => LEVEL_NAMES[record.level],
  name: (record) => record.category.join("."),
  module: (record) => record.category.at(-1) ?? "",
  asctime: (record) => asctime(new Date(record.timestamp)),
  created: (record) => (record.timestamp / 1000).toFixed(3),
  process: () => String(process.pid),
  processName: () => basename(process.argv[1] ?? "node"),
  thread: () => String(threadId),
  message: (record) => record.message.map((part) => (typeof part === "string" ? part : show(part))).join(""),
};

/**
 * Compiles a format such as `'%(levelname)s %(asctime)s %(message)s'`. A width pads, as in `%(levelname)-8s`.
 *
 * @throws TypeError when the format names an unknown field.
 */
export function compileFormat(format: string): TextFormatter {
  const parts: ((record: LogRecord) => string)[] = [];
  let end = 0;
  for (const match of format.matchAll(/%%|%\((\w+)\)(-?\d+)?[sd]/g)) {
    const [text, name, width] = match;
    const before = format.slice(end, match.index);
    parts.push(() => before);
    end = match.index + text.length;
    parts.push(name === undefined ? () => "%" : padded(field(name), Number(width ?? 0)));
  }
  const rest = format.slice(end);
  return (record) => `${parts.map((part) => part(record)).join("")}${rest}\n`;
}

function field(name: string): (record: LogRecord) => string {
  const found = FIELDS[name];
  if (found === undefined) {
    throw new TypeError(`Log format field %(${name})s must be one of ${Object.keys(FIELDS).join(", ")}`);
  }
  return found;
}

function padded(value: (record: LogRecord) => string, width: number): (record: LogRecord) => string {
  if (width === 0) return value;
  return (record) => (width < 0 ? value(record).padEnd(-width) : value(record).padStart(width));
}

function show(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

/** Local time as `2026-11-25 20:31:04,017`. */
function asctime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time},${String(date.getMilliseconds()).padStart(3, "0")}`;
}
