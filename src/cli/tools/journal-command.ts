import { Command } from "commander";
import type { JournalContent, JournalFailure } from "../../journal/read-journal.ts";
import type { Paint } from "../../terminal/colours.ts";
import { count, counted } from "../../terminal/quantities.ts";
import { shellWord } from "../command-line.ts";
import { labelOf } from "../map/failure-report.ts";
import { type CommandContext, printJson } from "../output.ts";
import { FailureGroups } from "../run/failure-groups.ts";
import { areAllShown, failureLines } from "../run/failure-lines.ts";

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
      } else context.output.text.lines(describe(content, context.output.text.paint));
    });
}

function failedCommand(context: CommandContext): Command {
  return new Command("failed")
    .description("show failed items, by the kind of their errors")
    .argument("<journal>", "the file of the journal")
    .option("--json", "print every item as a line of JSON: its id, its data, and its error")
    .action(async (path: string, { json }: Options) => {
      const { readJournal } = await import("../../journal/read-journal.ts");
      const { failures } = readJournal(path);
      if (json !== true)
        return context.output.text.lines(failedLines(path, failures, context.output.text.paint));
      for (const failure of failures) {
        if (context.output.lost.aborted) return;
        printJson(context, failure);
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
      context.output.text.line(
        `${counted(failures.length, "item")} will be executed again when the run continues`,
      );
    });
}

function describe({ runId, begun, isComplete, tasks, torn }: JournalContent, paint: Paint): string[] {
  const state = isComplete ? paint("green", "complete") : paint("yellow", "not complete");
  const lines = [`run ${paint("bold", runId)}, begun ${begun.toISOString()}, ${state}`];
  for (const [name, { items, acked, failed, pending, retried, skipped, keys, exhausted }] of Object.entries(
    tasks,
  )) {
    const lost = failed > 0 ? paint("red", `${count(failed)} failed`) : "0 failed";
    const more = exhausted ? "" : ", and more to come";
    const known = keys > 0 ? `, ${count(skipped)} skipped, ${counted(keys, "key")} known` : "";
    lines.push(
      `  ${name}: ${counted(items, "item")}${more}, ${count(acked)} collected, ${lost}, ${count(pending)} pending, ${count(retried)} retried${known}`,
    );
  }
  if (torn > 0)
    lines.push(
      `  ${counted(torn, "byte")} at the end ${torn === 1 ? "is" : "are"} no complete block: still being written, or cut off by a crash`,
    );
  return lines;
}

/** Failed items by the kind of their errors, as the summary of a run shows them. */
function failedLines(path: string, failures: readonly JournalFailure[], paint: Paint): string[] {
  const groups = new FailureGroups();
  for (const { id, taskType, data, index, error } of failures)
    groups.add({ taskType, id, label: index === undefined ? id : labelOf(index), data, error });
  const { all } = groups;
  const lines = failureLines(all, paint);
  if (!areAllShown(all))
    lines.push(`list all failures: zmqpipeline journal failed ${shellWord(path)} --json`);
  return lines;
}
