import { type Command, InvalidArgumentError } from "commander";
import { durationOption } from "./duration-option.ts";

/** How long running work may take to finish after the first signal, in ms, where neither the command line nor the role says it. */
export const STOP_TIMEOUT_MS = 5000;

/** Adds the option `--stop-timeout`. */
export function addStopTimeout(command: Command): Command {
  return command.option(
    "--stop-timeout <time>",
    "how long running work may take to finish after Ctrl-C, before it is cut off: 500ms, 30s, 5m (default: 5s, or the role's stopTimeout)",
    parseMs,
  );
}

function parseMs(text: string): number {
  if (/[a-z]$/.test(text)) return durationOption(text);
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError("It must be a time, such as 500ms, 30s or 5m; without a unit, in ms.");
  return value;
}
