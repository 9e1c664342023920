import { type Command, InvalidArgumentError } from "commander";

/** How long running work may take to finish after the first signal, in ms, where neither the command line nor the role says it. */
export const STOP_TIMEOUT_MS = 5000;

/** Adds the option `--stop-timeout`. */
export function addStopTimeout(command: Command): Command {
  return command.option(
    "--stop-timeout <ms>",
    "how long running work may take to finish after Ctrl-C, before it is cut off (default: 5000, or the role's stopTimeout)",
    parseMs,
  );
}

function parseMs(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError("It must be a number of milliseconds, at least 0.");
  return value;
}
