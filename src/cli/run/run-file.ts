import type { RunSummary } from "../../distributor/run-summary.ts";
import { makeCollector } from "../../pipeline/local-roles.ts";
import { Pipeline } from "../../pipeline/pipeline.ts";
import type { PipelineOptions, WorkerDefinition } from "../../pipeline/pipeline-options.ts";
import { FileError } from "../file-error.ts";
import { onInterrupt } from "../interrupts.ts";
import { logTo } from "../log-to.ts";
import { journalOf, type LedgerOptions } from "../options.ts";
import { type CommandContext, EXIT, printJson } from "../output.ts";
import { ProgressView } from "../progress-view.ts";
import { type ExportedRoles, loadRoles, only } from "./exported-roles.ts";
import { runService } from "./run-service.ts";
import { RunStatistics } from "./run-statistics.ts";
import { summaryJson, summaryText } from "./summary.ts";

/** A run that takes longer, in ms, is told how to look into it. */
const HINT_MS = 3000;

/** What `zmqpipeline run` is told. */
export interface RunFileOptions extends LedgerOptions {
  readonly workers?: number;
  readonly maxFailures?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Runs what a file exports. @returns The exit code. */
export async function runFile(
  file: string,
  options: RunFileOptions,
  context: CommandContext,
): Promise<number> {
  const { output } = context;
  const statistics = new RunStatistics();
  let line = (text: string): void => {
    output.err.write(`${text}\n`);
  };
  const roles = await loadRoles(file);
  if (roles.services.length > 0 && roles.tasks.length === 0)
    return await runService(roles, file, options, context);
  const pipeline = makePipeline(roles, file, options, statistics, (text) => line(text));
  const view = options.quiet ? undefined : new ProgressView(output.err, () => pipeline.progress);
  if (view !== undefined) line = (text) => view.line(text);
  const endLog = await logTo((text) => line(text));
  const interrupt = onInterrupt(
    (text) => line(text),
    output.lost,
    () => {
      void pipeline.stop({ timeout: Number.POSITIVE_INFINITY });
    },
  );
  try {
    const running = pipeline.run();
    setTimeout(() => {
      if (pipeline.endpoint !== undefined && !options.quiet)
        line(`look into it: zmqpipeline top ${pipeline.endpoint}`);
    }, HINT_MS).unref();
    const summary = await running;
    view?.end();
    if (options.json) printJson(context, summaryJson(summary, statistics));
    else if (!options.quiet) output.out(summaryText(summary, statistics, options.journal));
    return interrupt.code ?? codeOf(summary);
  } finally {
    view?.end();
    interrupt.stop();
    await endLog();
  }
}

function codeOf({ tasks }: RunSummary): number {
  return Object.values(tasks).some(({ failed }) => failed > 0) ? EXIT.failures : EXIT.ok;
}

function makePipeline(
  roles: ExportedRoles,
  file: string,
  options: RunFileOptions,
  statistics: RunStatistics,
  line: (text: string) => void,
): Pipeline {
  if (roles.pipelines.length > 0) {
    const { workers, journal, retryFailed, incremental } = options;
    if (workers !== undefined || journal !== undefined || retryFailed === true || incremental === true)
      throw new FileError(
        `${file} exports a Pipeline, which has its options: export them instead (export default { tasks, … })`,
      );
    return only(roles.pipelines, "Pipeline", file);
  }
  const found = roles.options ?? optionsOf(roles, file);
  const collector = makeCollector(found.collector);
  statistics.watch(collector);
  const { workers: count, maxFailures } = options;
  const definitions = [found.workers].flat() as readonly WorkerDefinition[];
  return new Pipeline({
    ...found,
    collector,
    workers: count === undefined ? definitions : definitions.map((definition) => ({ ...definition, count })),
    onOutput: (text, { worker }) => line(`[worker ${worker}] ${text}`),
    ...journalOf(options, found.journal),
    ...(maxFailures === undefined ? {} : { maxFailures }),
  });
}

/** Classes are taken for what they are. */
function optionsOf(
  { tasks, workers, collectors, metadata, url }: ExportedRoles,
  file: string,
): PipelineOptions {
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

/** A class says itself whose items it gets; without an instance it cannot be asked. */
function taskTypeOf(worker: new () => object): Pick<WorkerDefinition, "taskType"> {
  const { taskType } = new worker() as WorkerDefinition;
  return taskType === undefined ? {} : { taskType };
}
