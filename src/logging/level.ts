import type { LogLevel } from "@logtape/logtape";
import { pick } from "./config-checks.ts";

/** Python's numbers of LogTape's levels, from the lowest. */
export const LEVEL_NUMBERS: Readonly<Record<LogLevel, number>> = {
  trace: 5,
  debug: 10,
  info: 20,
  warning: 30,
  error: 40,
  fatal: 50,
};

export const LEVEL_NAMES: Readonly<Record<LogLevel, string>> = {
  trace: "DEBUG",
  debug: "DEBUG",
  info: "INFO",
  warning: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};

/** Python's numbers of the names in a configuration. */
const BY_NAME: Readonly<Record<string, number>> = {
  NOTSET: 0,
  DEBUG: 10,
  INFO: 20,
  WARNING: 30,
  WARN: 30,
  ERROR: 40,
  CRITICAL: 50,
  FATAL: 50,
};

/** @throws TypeError when the level is no known name and no number from 0. */
export function levelNumber(level: unknown, where: string): number {
  if (typeof level === "string") return pick(BY_NAME, level, "level", where);
  if (typeof level === "number" && Number.isInteger(level) && level >= 0) return level;
  throw new TypeError(`level of ${where} must be a name such as "INFO", or an integer from 0`);
}

/** @returns LogTape's lowest level that is not below the number; `null` when all are below. */
export function lowestLevel(number: number): LogLevel | null {
  const levels = Object.keys(LEVEL_NUMBERS) as LogLevel[];
  return levels.find((level) => LEVEL_NUMBERS[level] >= number) ?? null;
}
