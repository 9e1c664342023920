import { Command } from "commander";
import { countOption, countWithin } from "../count-option.ts";
import { durationOption } from "../duration-option.ts";
import type { CommandContext } from "../output.ts";
import { addStopTimeout } from "../stop-timeout.ts";
import { addInspectOptions } from "./inspect-options.ts";
import { addLedgerOptions } from "./ledger-options.ts";
import type { RoleCommandName, RoleOptions } from "./run-options.ts";
import { addTrustOption } from "./trust-option.ts";

/** What a file has to export for each role. */
const EXPORTS: Readonly<Record<RoleCommandName, string>> = {
  distributor: "a Distributor, or task classes and their collector class",
  worker: "a worker class, for a run or for a service",
  collector: "a collector class",
  metadata: "a metadata worker class",
  service: "a Service",
};

const EXAMPLES: Readonly<Record<RoleCommandName, string>> = {
  distributor: "zmqpipeline distributor roles.ts --keys keys/distributor.json --journal run.journal",
  worker:
    "zmqpipeline worker roles.ts --count 4 --keys keys/worker.json \\\n    --connect tcp://batch1:5550 --collector tcp://db1:5558",
  collector: "zmqpipeline collector roles.ts --keys keys/collector.json",
  metadata: "zmqpipeline metadata roles.ts --connect tcp://batch1:5551",
  service: "zmqpipeline service roles.ts",
};

/** `zmqpipeline distributor`, `worker` and so on: each starts one role that a file exports. */
export function roleCommands(context: CommandContext): Command[] {
  return (Object.keys(EXPORTS) as RoleCommandName[]).map((role) => {
    const command = new Command(role)
      .description(
        `start a ${role === "metadata" ? "metadata worker" : role} alone: the file exports ${EXPORTS[role]}`,
      )
      .argument(role === "worker" ? "[file]" : "<file>", "JavaScript or TypeScript")
      .option("-e, --export <name>", "which export to start, if there are several")
      .option("-k, --keys <path>", "the role's keys: a file or a folder")
      .option("--json", "print the outcome as JSON")
      .option("-q, --quiet", "print only warnings, errors, and what failed")
      .addHelpText(
        "after",
        `\nExample:\n  ${EXAMPLES[role]}\n\nThe first Ctrl-C lets running work finish for --stop-timeout, the second ends the role at once.`,
      );
    if (role === "worker")
      command.option(
        "-n, --count <n>",
        "how many workers to start, each in a process of its own",
        countWithin(1, 1024),
        1,
      );
    if (role === "worker" || role === "metadata")
      command.option(
        "-c, --connect <endpoint>",
        "the endpoint of the distributor or service; replaces the one in the file",
      );
    if (role === "worker")
      command.option("--collector <endpoint>", "the endpoint of the collector; replaces the one in the file");
    if (role === "worker")
      command
        .option(
          "--command <words>",
          "in place of a file: a program that gets a line of JSON for each item, and answers with one",
        )
        .option("--exec <words>", "in place of a file: a program that is started for each item")
        .option("--task <name>", "with --command or --exec: the task type of the items or requests")
        .option("--service", "with --command or --exec: answer the requests of a service")
        .option("--pool", "work for a createPool() with listen: the file exports a function")
        .option("-t, --threads <n>", "with --pool: threads in each process", countWithin(1, 1024))
        .option(
          "--concurrency <n>",
          "with --pool: executions at a time, for an async function",
          countWithin(1, 10_000),
        )
        .option(
          "--timeout <time>",
          "with --pool or --service: longest execution of an input, such as 30s",
          durationOption,
        );
    if (role === "worker") addInspectOptions(command);
    if (role === "distributor") {
      addLedgerOptions(command);
      command.option(
        "--min-workers <n>",
        "begin a task when this many workers are ready: a short run is over before late ones start",
        countOption,
      );
      addTrustOption(command);
    }
    addStopTimeout(command);
    return command.action(async (file: string | undefined, options: RoleOptions) => {
      // loaded late, so that help appears at once
      if (file === undefined || options.command !== undefined || options.exec !== undefined) {
        const { runProgramWorkers } = await import("./run-program-workers.ts");
        context.exitCode = await runProgramWorkers(file, options, context);
        return;
      }
      if (options.pool === true) {
        const { runPoolWorkers } = await import("./run-pool-workers.ts");
        context.exitCode = await runPoolWorkers(file, options, context);
        return;
      }
      const { runRole } = await import("./run-role.ts");
      context.exitCode = await runRole(role, file, options, context);
    });
  });
}
