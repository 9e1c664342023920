import { type Command, InvalidArgumentError } from "commander";
import { DEFAULT_INSPECT_PORT, type InspectPlan, MAX_PORT } from "../../pipeline/inspect-plan.ts";
import { FileError } from "../file-error.ts";

/** The option with which debuggers may attach. */
const INSPECT = "--inspect-workers";

/** The options with which debuggers may attach to worker processes. */
export interface InspectCommandOptions {
  readonly inspectWorkers?: number;
  readonly inspectWait?: boolean;
}

export function addInspectOptions(command: Command): Command {
  return command
    .option(
      `${INSPECT} [=port]`,
      `let debuggers attach to worker processes, from port ${DEFAULT_INSPECT_PORT} on`,
      portOption,
    )
    .option("--inspect-wait", `with ${INSPECT}: each worker waits for its debugger`);
}

/** Gives the option its default port: otherwise it would take the argument behind it for one. */
export function withInspectPort(args: readonly string[]): readonly string[] {
  return args.map((argument) => (argument === INSPECT ? `${INSPECT}=${DEFAULT_INSPECT_PORT}` : argument));
}

/** @throws FileError when the options do not fit together. */
export function inspectOf({
  inspectWorkers: port,
  inspectWait: wait = false,
}: InspectCommandOptions): InspectPlan | undefined {
  if (port === undefined && wait) throw new FileError(`--inspect-wait needs ${INSPECT}`);
  return port === undefined ? undefined : { port, wait };
}

function portOption(text: string): number {
  const port = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT)
    throw new InvalidArgumentError(`It must be a port: a whole number from 0 to ${MAX_PORT}.`);
  return port;
}
