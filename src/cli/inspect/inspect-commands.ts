import { Command, InvalidArgumentError } from "commander";
import { countOption } from "../count-option.ts";
import { FileError } from "../file-error.ts";
import type { CommandContext } from "../output.ts";
import type { InspectOptions } from "./inspect-options.ts";

const TIMEOUT_MS = 5000;

/** Without it, the runs of this machine are looked for. */
const LOCAL_ENDPOINT = "[endpoint]";

/** Time between two updates of `top`, in s. */
const INTERVAL_S = 1;

/** `zmqpipeline status`, `top` and `explain`: the state of a run or a service, and why something is not done. */
export function inspectCommands(context: CommandContext): Command[] {
  return [
    inspectCommand(
      "status",
      "show the state of a run or a service: tasks, workers, items in flight; without an endpoint, of all of yours on this machine",
      LOCAL_ENDPOINT,
    )
      .option("--json", "print JSON")
      .option("--prometheus", "print Prometheus' text format")
      .addHelpText(
        "after",
        examples("status", "status tcp://batch1:5550", "status tcp://batch1:5550 --json | jq .progress"),
      )
      .action(async (endpoint: string | undefined, options: InspectOptions) => {
        if (options.json === true && options.prometheus === true)
          throw new FileError("--json and --prometheus exclude each other");
        const { showStatus } = await import("./inspect.ts"); // loaded late, so that help appears at once
        await showStatus(endpoint, options, context);
      }),
    inspectCommand(
      "top",
      "show the state of a run or a service live, until its end or q; without an endpoint, of all of yours on this machine",
      LOCAL_ENDPOINT,
    )
      .option("-i, --interval <seconds>", "time between two updates", intervalOption, INTERVAL_S)
      .addHelpText(
        "after",
        examples("top", "top tcp://batch1:5550", "top tcp://gateway:5551 --keys keys/client.json"),
      )
      .action(async (endpoint: string | undefined, options: InspectOptions) => {
        const { showTop } = await import("./inspect-top.ts");
        context.exitCode = await showTop(endpoint, options, context);
      }),
    inspectCommand(
      "explain",
      "say why an item or a task is not done: which worker has it, since when, what it waits for",
      "<endpoint>",
    )
      .argument("<subject>", "a task type, an item as TYPE/NUMBER, or an item's id")
      .option("--json", "print JSON")
      .addHelpText(
        "after",
        examples("explain tcp://batch1:5550 square", "explain tcp://batch1:5550 square/17"),
      )
      .action(async (endpoint: string, subject: string, options: InspectOptions) => {
        const { showExplanation } = await import("./inspect.ts");
        await showExplanation(endpoint, subject, options, context);
      }),
  ];
}

function inspectCommand(name: string, description: string, endpoint: string): Command {
  return new Command(name)
    .description(description)
    .argument(endpoint, "the endpoint of a distributor's task, or one of a service's two endpoints")
    .option(
      "-k, --keys <path>",
      "keys of a worker or a client, if the run or service uses keys: a file or a folder",
    )
    .option("--service", "connect to a service, if the keys fit both a distributor and a service")
    .option("--timeout <ms>", "how long to wait for an answer, in ms", countOption, TIMEOUT_MS);
}

function intervalOption(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= 3600))
    throw new InvalidArgumentError("It must be a number of seconds, from 0.1 to 3600.");
  return value;
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  zmqpipeline ${line}\n`).join("")}`;
}
