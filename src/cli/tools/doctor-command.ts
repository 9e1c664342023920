import { Command } from "commander";
import { type CommandContext, EXIT, printJson } from "../output.ts";

interface Options {
  readonly json?: boolean;
  readonly keys?: string;
  readonly port?: string[];
}

const EXAMPLES = `
Examples:
  zmqpipeline doctor
  zmqpipeline doctor --port 5558 --port 5559 --keys keys/distributor.json`;

/** `zmqpipeline doctor`: checks whether this machine has what a role needs. */
export function doctorCommand(context: CommandContext): Command {
  return new Command("doctor")
    .description("check this machine: versions, limits, ports, keys")
    .option("-p, --port <number...>", "ports that must be free")
    .option("-k, --keys <path>", "keys that must be usable: a file or a folder")
    .option("--json", "print the checks as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async ({ port = [], keys, json }: Options) => {
      const { examine } = await import("./doctor.ts"); // loaded late, so that help appears at once
      const checks = await examine(port, keys);
      const isOk = checks.every(({ ok }) => ok);
      context.exitCode = isOk ? EXIT.ok : EXIT.runtime;
      if (json === true) return printJson(context, { ok: isOk, checks });
      const { text: writer } = context.output;
      for (const { name, ok, text } of checks) {
        const verdict = ok ? writer.paint("green", "ok  ") : writer.paint("red", "FAIL");
        writer.line(`${verdict}  ${name.padEnd(10)} ${text}`);
      }
    });
}
