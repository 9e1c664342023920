import type { JournalOptions } from "../../journal/journal-options.ts";
import { Pipeline, planOf } from "../../pipeline/pipeline.ts";
import { assertPipelineOptions } from "../../pipeline/pipeline-checks.ts";
import type { PipelineOptions, WorkerDefinition } from "../../pipeline/pipeline-options.ts";
import { entitle } from "../../self/process-title.ts";
import { noteForChaos } from "../chaos/collected-log.ts";
import { shellWord } from "../command-line.ts";
import { FileError } from "../file-error.ts";
import type { CommandContext } from "../output.ts";
import { STOP_TIMEOUT_MS } from "../stop-timeout.ts";
import { workerLines } from "../worker-lines.ts";
import { withConsole } from "./command-console.ts";
import { exitCodeOf } from "./exit-code-of.ts";
import { type ExportedRoles, loadRoles, only } from "./exported-roles.ts";
import { inspectOf } from "./inspect-options.ts";
import { journalOf } from "./ledger-options.ts";
import type { RunFileOptions } from "./run-options.ts";
import { runService } from "./run-service.ts";
import { RunStatistics } from "./run-statistics.ts";
import { unfinishedWork } from "./stop-progress.ts";
import { goOnText } from "./stopped-text.ts";
import { failuresOf, summaryLines } from "./summary.ts";
import { summaryJson } from "./summary-json.ts";

/** When a run takes longer than this, in ms, the user is told how to look into it. */
const HINT_MS = 3000;

/** Runs what a file exports. @returns The exit code. */
export async function runFile(
  file: string,
  options: RunFileOptions,
  context: CommandContext,
): Promise<number> {
  const roles = await loadRoles(file);
  entitle("run", "", file);
  if (roles.services.length > 0 && roles.tasks.length === 0)
    return await runService(roles, file, options, context);
  return await withConsole(context, async (console) => {
    const statistics = new RunStatistics();
    const pipeline = makePipeline(roles, file, options, (text) => console.printed(text));
    const { collector, distributor, tasks } = pipeline[planOf];
    if (options.incremental === true && tasks.every(({ key }) => key === undefined))
      throw new FileError(
        "--incremental needs a task with key(): without keys nothing tells which items are new",
      );
    noteForChaos(collector);
    statistics.watch(collector, { logged: options.quiet === true ? "none" : "first" });
    const summaryContext = { journal: pathOf(distributor.journal), args: context.args };
    if (!options.quiet) console.showProgress(() => pipeline.progress);
    const { stopTimeout: timeout = STOP_TIMEOUT_MS } = options;
    console.drainOnInterrupt({
      timeoutMs: timeout,
      drain: () => void pipeline.stop({ timeout }),
      unfinished: () => unfinishedWork(pipeline.endpoint, pipeline.progress),
      advice: goOnText(summaryContext),
    });
    const running = pipeline.run();
    setTimeout(() => {
      if (pipeline.endpoint !== undefined && !options.quiet)
        console.line(`look into this run: zmqpipeline top ${pipeline.endpoint}`);
    }, HINT_MS).unref();
    try {
      const summary = await running;
      console.printOutcome(options, summaryJson(summary, statistics, summaryContext), (paint) =>
        summaryLines(summary, statistics, summaryContext, paint),
      );
      if (options.quiet && !options.json)
        console.printFailures(failuresOf(summary, statistics), summaryContext);
      return exitCodeOf(summary);
    } catch (error) {
      console.printFailures(statistics.failures, summaryContext);
      throw error;
    }
  });
}

function makePipeline(
  roles: ExportedRoles,
  file: string,
  options: RunFileOptions,
  line: (text: string) => void,
): Pipeline {
  if (roles.pipelines.length > 0) {
    const { workers, journal, retryFailed, incremental, maxFailures, trust } = options;
    const given = [workers, inspectOf(options), journal, maxFailures, trust];
    const isGiven = given.some((value) => value !== undefined);
    if (isGiven || retryFailed === true || incremental === true)
      throw new FileError(
        `${file} exports a Pipeline, whose options are set: export the options instead (export default { tasks, … })`,
      );
    return only(roles.pipelines, "Pipeline", file);
  }
  const found = roles.options ?? optionsOf(roles, file);
  assertPipelineOptions(found); // before its parts are looked at
  const { workers: count, maxFailures, trust } = options;
  const inspectWorkers = inspectOf(options);
  const definitions = [found.workers ?? []].flat() as readonly WorkerDefinition[];
  return new Pipeline({
    ...found,
    workers: count === undefined ? definitions : definitions.map((definition) => ({ ...definition, count })),
    onOutput: workerLines(line, options.quiet === true),
    ...journalOf(options, found.journal),
    ...(maxFailures === undefined ? {} : { maxFailures }),
    ...(trust === undefined ? {} : { trust }),
    ...(inspectWorkers === undefined ? {} : { inspectWorkers }),
  });
}

function pathOf(journal: string | JournalOptions | undefined): string | undefined {
  return typeof journal === "object" ? journal.path : journal;
}

/** Makes the options of a Pipeline from the classes that a file exports. */
function optionsOf(
  { tasks, workers, collectors, metadata, url, byName }: ExportedRoles,
  file: string,
): PipelineOptions {
  const isWork = tasks.length === 0 && workers.size === 0 && typeof byName.get("default") === "function";
  if (isWork)
    throw new FileError(
      `${file} exports a function, which has nothing to work on here: zmqpipeline map ${shellWord(file)} runs it over inputs, and a run's file names it as the module of its workers`,
    );
  if (tasks.length === 0 && workers.size === 0)
    throw new FileError(
      `${file} must export tasks, workers and a collector as classes, or the options of a Pipeline as its default`,
    );
  if (tasks.length === 0) throw new FileError(`${file} exports no task: a class that extends Task`);
  if (workers.size === 0)
    throw new FileError(
      `${file} exports no worker: a class that extends SingleThreadedWorker or MultiThreadedWorker`,
    );
  return {
    tasks,
    workers: [...workers].map(([exportName, worker]) => ({ module: url, exportName, ...taskTypeOf(worker) })),
    collector: only(collectors, "collector: a class that extends Collector", file),
    ...(metadata.length === 0 ? {} : { metadata: only(metadata, "metadata worker", file) }),
  };
}

/** The task type is a field, so only an instance of the class has it. */
function taskTypeOf(worker: new () => object): Pick<WorkerDefinition, "taskType"> {
  const { taskType } = new worker() as WorkerDefinition;
  return taskType === undefined ? {} : { taskType };
}
