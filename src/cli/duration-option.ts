import { InvalidArgumentError } from "commander";

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Parses the value of an option: a time such as `500`, `500ms`, `30s`, `1.5m` or `2h`. @returns It in ms. */
export function durationOption(text: string): number {
  const [, number = "", unit = "ms"] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS_MS[unit] ?? 1);
  if (number === "" || ms <= 0)
    throw new InvalidArgumentError("It must be a time, such as 500ms, 30s, 5m or 1h; without a unit, in ms.");
  return ms;
}
