import { Command, InvalidArgumentError } from "commander";
import { countOption } from "../count-option.ts";
import type { CommandContext } from "../output.ts";
import type { InspectOptions } from "./inspect-options.ts";

const TIMEOUT_MS = 5000;

/** Between two looks of `top`, in s. */
const INTERVAL = 1;

/** `zmqpipeline status`, `top` and `explain`: how a run or a service stands, and why something is not done. */
export function inspectCommands(context: CommandContext): Command[] {
  return [
    inspectCommand("status", "how a run or a service stands: tasks, workers, what is under way")
      .option("--json", "print it as JSON")
      .option("--prometheus", "print it in Prometheus' text format")
      .addHelpText(
        "after",
        examples("status tcp://batch1:5550", "status tcp://batch1:5550 --json | jq .progress"),
      )
      .action(async (endpoint: string, options: InspectOptions) => {
        const { showStatus } = await import("./inspect.ts"); // help is there before the library is
        await showStatus(endpoint, options, context);
      }),
    inspectCommand("top", "the same, live; q ends it")
      .option("-i, --interval <seconds>", "how often", intervalOption, INTERVAL)
      .addHelpText(
        "after",
        examples("top tcp://batch1:5550", "top tcp://gateway:5551 --keys keys/client.json"),
      )
      .action(async (endpoint: string, options: InspectOptions) => {
        const { showTop } = await import("./inspect-top.ts");
        context.exitCode = await showTop(endpoint, options, context);
      }),
    inspectCommand("explain", "why an item or a task is not done: who has it, since when, what it waits for")
      .argument("<subject>", "a task type, an item as TYPE/NUMBER, or an item's id")
      .option("--json", "print it as JSON")
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

function inspectCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument("<endpoint>", "where a distributor has its task, or a service its clients or workers")
    .option("-k, --keys <path>", "keys, where it has some: of a worker or a client, a file or a folder")
    .option("--service", "the keys are for a service, where they could be for both")
    .option("--timeout <ms>", "how long to wait for an answer", countOption, TIMEOUT_MS);
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
