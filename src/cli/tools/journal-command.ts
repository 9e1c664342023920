import { Command } from "commander";
import type { JournalContent, JournalFailure } from "../../journal/read-journal.ts";
import { replaceForJson } from "../../protocol/json-values.ts";
import { count, counted } from "../../terminal/quantities.ts";
import { causesText } from "../error-text.ts";
import { type CommandContext, printJson } from "../output.ts";

interface Options {
  readonly json?: boolean;
  readonly limit?: string;
}

const EXAMPLES = `
Examples:
  zmqpipeline journal show run.journal
  zmqpipeline journal failed run.journal --json | jq .data
  zmqpipeline journal retry run.journal     then run again with the same journal`;

/** `zmqpipeline journal`: looks into a run's journal, also during the run. */
export function journalCommand(context: CommandContext): Command {
  return new Command("journal")
    .description("look into the journal of a run")
    .addCommand(showCommand(context))
    .addCommand(failedCommand(context))
    .addCommand(retryCommand(context))
    .addHelpText("after", EXAMPLES);
}

function showCommand(context: CommandContext): Command {
  return new Command("show")
    .description("show the state of the run")
    .argument("<journal>", "the file of the journal")
    .option("--json", "print JSON")
    .action(async (path: string, { json }: Options) => {
      const { readJournal } = await import("../../journal/read-journal.ts");
      const content = readJournal(path);
      if (json === true) {
        const { failures, begun, ...counts } = content;
        printJson(context, { ...counts, begun: begun.toISOString(), failures: failures.length });
      } else context.output.out(describe(content));
    });
}

function failedCommand(context: CommandContext): Command {
  return new Command("failed")
    .description("list every failed item: its id, its data, and its error")
    .argument("<journal>", "the file of the journal")
    .option("--json", "print each item as a line of JSON")
    .action(async (path: string, { json }: Options) => {
      const { readJournal } = await import("../../journal/read-journal.ts");
      for (const failure of readJournal(path).failures) {
        if (context.output.lost.aborted) return;
        if (json === true) printJson(context, failure);
        else context.output.out(failureText(failure));
      }
    });
}

function retryCommand(context: CommandContext): Command {
  return new Command("retry")
    .description("have failed items executed again when the run continues")
    .argument("<journal>", "the file of the journal; no distributor may be using it")
    .option("--json", "print the number as JSON")
    .action(async (path: string, { json }: Options) => {
      const { readJournal } = await import("../../journal/read-journal.ts");
      const { openJournal } = await import("../../journal/open-journal.ts");
      const { tasks, failures } = readJournal(path);
      // Opening with `retryFailed` puts the failures back into the queue, and closing writes that to the file.
      if (failures.length > 0)
        openJournal(
          { path, durability: "power-loss", retryFailed: true, keep: false },
          Object.keys(tasks),
        ).close();
      if (json === true) return printJson(context, { retried: failures.length });
      context.output.out(
        `${counted(failures.length, "item")} will be executed again when the run continues\n`,
      );
    });
}

function describe({ runId, begun, isComplete, tasks, torn }: JournalContent): string {
  const lines = [`run ${runId}, begun ${begun.toISOString()}, ${isComplete ? "complete" : "not complete"}`];
  for (const [name, { items, acked, failed, pending, retried, skipped, keys, exhausted }] of Object.entries(
    tasks,
  )) {
    const more = exhausted ? "" : ", and more to come";
    const known = keys > 0 ? `, ${count(skipped)} skipped, ${counted(keys, "key")} known` : "";
    lines.push(
      `  ${name}: ${counted(items, "item")}${more}, ${count(acked)} collected, ${count(failed)} failed, ${count(pending)} pending, ${count(retried)} retried${known}`,
    );
  }
  if (torn > 0)
    lines.push(
      `  ${counted(torn, "byte")} at the end ${torn === 1 ? "is" : "are"} no complete block: still being written, or cut off by a crash`,
    );
  return `${lines.join("\n")}\n`;
}

function failureText({ id, data, error, attempts, generation }: JournalFailure): string {
  const shown = JSON.stringify(data, replaceForJson);
  const again =
    generation === 0
      ? ""
      : `; had failed for good ${generation === 1 ? "once" : `${generation} times`} before`;
  return `${id}  ${error.name}: ${error.message}  (${counted(attempts, "attempt")}${again})\n${causesText(error)}  ${shown}\n`;
}
