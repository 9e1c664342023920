import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import type { Failure } from "../../collector/failure.ts";
import type { Remainder } from "../../distributor/item-iterator.ts";
import type { ResultsHere } from "../../distributor/results-here.ts";
import { PipelineError } from "../../errors.ts";
import { LocalRun } from "../../pipeline/local-run.ts";
import { DEFAULT_MAX_PENDING, DEFAULT_MAX_PENDING_BYTES } from "../../pipeline/map-options.ts";
import { MapOutput } from "../../pipeline/map-output.ts";
import type { WorkerDefinition } from "../../pipeline/pipeline-options.ts";
import { filledCommandLine, resolveProgram } from "../../pipeline/program-command.ts";
import { COMMAND_WORDS, refusedInput } from "../../pipeline/refused-input.ts";
import { resolveRestarts, resolveWorkers, slotsOf } from "../../pipeline/resolve-workers.ts";
import { jsonText } from "../../protocol/json-values.ts";
import { describeThrown } from "../../protocol/thrown.ts";
import { entitle } from "../../self/process-title.ts";
import { withoutColours } from "../../structures/visible-text.ts";
import { counted } from "../../terminal/quantities.ts";
import { FileError } from "../file-error.ts";
import { type CommandContext, EXIT } from "../output.ts";
import { programOf } from "../program-option.ts";
import { type CommandConsole, withConsole } from "../run/command-console.ts";
import { exitCodeOf } from "../run/exit-code-of.ts";
import { inspectOf } from "../run/inspect-options.ts";
import { journalOf } from "../run/ledger-options.ts";
import { RunStatistics } from "../run/run-statistics.ts";
import { unfinishedWork } from "../run/stop-progress.ts";
import { goOnText } from "../run/stopped-text.ts";
import { failuresOf, summaryLines } from "../run/summary.ts";
import { STOP_TIMEOUT_MS } from "../stop-timeout.ts";
import { workerLines } from "../worker-lines.ts";
import { assertDistinct } from "./distinct-files.ts";
import { divertOutput } from "./divert-output.ts";
import { FailureReport, failedText, labelOf } from "./failure-report.ts";
import { InputIterator } from "./input-iterator.ts";
import { inputKey } from "./input-key.ts";
import { InputTask, MAP, type NumberedInput } from "./input-task.ts";
import { JournalledPrinter } from "./journalled-printer.ts";
import type { MapCommandOptions } from "./map-command-options.ts";
import { type Inputs, openInputs, STANDARD_INPUT } from "./open-inputs.ts";
import { PrintedResults } from "./printed-results.ts";
import { ResultPrinter } from "./result-printer.ts";

/** Stands for the workers of earlier lives of the run. */
const EARLIER_WORKER = "earlier";

/**
 * Maps inputs through the function of a file, and prints the results.
 *
 * @param given - The lists of arguments after each `:::`.
 * @returns The exit code.
 */
export async function mapFile(
  file: string | undefined,
  options: MapCommandOptions,
  given: readonly (readonly string[])[],
  context: CommandContext,
): Promise<number> {
  const workers = workersOf(file, options);
  assertOptions(file, options);
  entitle("map", "", file ?? options.command ?? options.exec ?? "");
  const inputs = await openInputs(options, given);
  try {
    if (options.dryRun === true) return await printInputs(inputs, options, context);
    return await withConsole(context, (console) => runMap(workers, options, inputs, context, console));
  } finally {
    inputs.close(); // an open standard input would keep the process alive
  }
}

function assertOptions(file: string | undefined, options: MapCommandOptions): void {
  const { key, journal, incremental, threads, concurrency } = options;
  journalOf(options); // says what needs a journal
  if (threads !== undefined && concurrency !== undefined)
    throw new FileError(
      "--threads and --concurrency exclude each other: a thread executes one input at a time",
    );
  if (key !== undefined && journal === undefined)
    throw new FileError("--key needs --journal FILE: the journal knows which keys were executed");
  if (incremental === true && key === undefined)
    throw new FileError("--incremental needs --key FIELD: the key says which inputs are new");
  if (options.dryRun !== true) assertDistinct({ "--journal": journal, "--failed": options.failed }, file);
}

async function runMap(
  definition: WorkerDefinition,
  options: MapCommandOptions,
  inputs: Inputs,
  { output, args }: CommandContext,
  console: CommandConsole,
): Promise<number> {
  const { limit = Number.POSITIVE_INFINITY, journal, key, quiet = false, maxFailures } = options;
  const isJournalled = journal !== undefined;
  const plans = resolveWorkers(
    { workers: { ...definition, taskType: MAP }, inspectWorkers: inspectOf(options) ?? false },
    [],
  );
  const order = options.ordered === true ? orderOf(plans) : undefined;
  const statistics = new RunStatistics();
  let inputError: { readonly thrown: unknown } | undefined;
  const source = new InputIterator(inputs, limit, checkOf(key), (thrown) => {
    inputError = { thrown };
    if (!isJournalled) return undefined; // the inputs before the error are executed
    // An end would make the journal's run complete.
    void run.stop(Number.POSITIVE_INFINITY);
    return new Promise<never>(() => {});
  });
  const failures = new FailureReport(options.failed, {
    isContinued: isJournalled && options.retryFailed !== true,
    line: (text) => console.line(text),
  });
  const failed = (failure: Failure<NumberedInput>) => failures.add(failure);
  const format = { isRaw: options.raw === true, isTerminal: output.text.isTerminal };
  const printed = journal === undefined ? undefined : new PrintedResults(journal, output.file);
  const collector =
    order !== undefined && printed !== undefined
      ? new JournalledPrinter({ output, format, failed, order, printed, run: () => run.resultsHere })
      : new ResultPrinter({ output, format, failed, order, printed });
  statistics.watch(collector, {
    logged: "none",
    describe: ({ data }) => {
      const { index, value } = data as NumberedInput;
      return { label: labelOf(index), data: value };
    },
    first: (failure) => {
      if (!quiet) console.printed(failedText(failure.label, failure.error));
    },
  });
  const run: LocalRun = new LocalRun({
    tasks: [
      new InputTask({
        inputs: source,
        total: inputs.total === undefined ? undefined : Math.min(inputs.total, limit),
        order,
        keyField: key,
        attempts: options.retry,
        timeout: options.timeout,
        ...(printed === undefined
          ? {}
          : { goesOn: (remainder) => withoutPrinted(remainder, printed, run.resultsHere) }),
      }),
    ],
    workers: plans.map((plan) => ({ ...plan, isWrapped: true })),
    restarts: resolveRestarts(),
    concurrencyOption: "--concurrency",
    collector,
    metadata: undefined,
    onOutput: workerLines((text) => console.printed(text), quiet),
    distributor: {
      ...journalOf(key === undefined ? options : { ...options, incremental: true }),
      ...(maxFailures === undefined ? {} : { maxFailures }),
    },
  });
  if (!quiet) console.showProgress(() => run.progress);
  const summaryContext = {
    journal,
    args,
    needs: inputs.name === STANDARD_INPUT ? "the same inputs" : undefined,
    // The last line of all names the file.
    allFailures:
      options.failed === undefined ? "--failed FILE keeps all inputs that failed, with their errors" : "",
  };
  const { stopTimeout = STOP_TIMEOUT_MS } = options;
  console.drainOnInterrupt({
    timeoutMs: stopTimeout,
    drain: () => {
      if (output.lost.aborted) {
        console.dropProgress();
        void run.abort();
      } else void run.stop(stopTimeout);
    },
    unfinished: () => unfinishedWork(run.endpoint, run.progress),
    advice: goOnText(summaryContext),
  });
  const flush = plans.some(({ isHere }) => isHere)
    ? divertOutput((text) => {
        if (!quiet) console.printed(withoutColours(text));
      })
    : () => {};
  if (process.stdin.isTTY === true && inputs.name === STANDARD_INPUT && !quiet)
    console.line("reading inputs from the terminal, a line each; Ctrl-D ends them");
  let isComplete = false;
  try {
    const summary = await run.run();
    const problem = printed?.problem;
    if (problem !== undefined) throw new PipelineError("COLLECTION_FAILED", problem, { role: "collector" });
    isComplete = summary.status === "complete";
    if (quiet) {
      // What is in a file need not be shown.
      if (options.failed === undefined)
        console.printFailures(failuresOf(summary, statistics), summaryContext);
    } else if (!output.lost.aborted)
      console.printBelow(
        summaryLines(
          summary,
          statistics,
          { ...summaryContext, isBroken: inputError !== undefined },
          output.err.paint,
        ),
      );
    if (inputError === undefined) return exitCodeOf(summary);
    console.line(`zmqpipeline: ${inputs.name}: ${describeThrown(inputError.thrown)}`);
    return EXIT.runtime;
  } catch (error) {
    console.printFailures(statistics.failures, summaryContext);
    if (failures.problem === undefined) throw refusedInput(error, COMMAND_WORDS);
    console.line(`zmqpipeline: ${failures.problem.message}`);
    return EXIT.runtime;
  } finally {
    flush();
    failures.close();
    printed?.close(isComplete);
  }
}

/** Settles the items whose results were printed in an earlier life of the run, and of which the journal has not heard. */
function withoutPrinted(
  remainder: Remainder,
  printed: PrintedResults,
  run: ResultsHere | undefined,
): Remainder {
  const known = new Set(printed.goOn(remainder));
  if (known.size === 0 || run === undefined) return remainder;
  run.handled([{ taskType: MAP.name, workerId: EARLIER_WORKER, busyMs: 0, bytes: 0, seqs: [...known] }]);
  return { ...remainder, pending: remainder.pending.filter((seq) => !known.has(seq)) };
}

/** @throws FileError when neither a file nor a program is given, or both. */
function workersOf(file: string | undefined, options: MapCommandOptions): WorkerDefinition {
  const { workers = availableParallelism(), threads = 0, concurrency, export: name } = options;
  const program = programOf(file, options);
  if (program !== undefined) return { ...program, count: workers };
  const found = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
  if (file === undefined || found === undefined)
    throw new FileError(`There is no file ${JSON.stringify(file)}`);
  if (!found.isFile())
    throw new FileError(`${JSON.stringify(file)} is no file: name the file of the function`);
  return {
    module: pathToFileURL(file),
    count: options.workers === undefined && threads > 0 ? 1 : workers,
    threads,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(name === undefined ? {} : { exportName: name }),
  };
}

function orderOf(plans: ReturnType<typeof resolveWorkers>): MapOutput {
  return new MapOutput({
    isOrdered: true,
    maxPending: DEFAULT_MAX_PENDING,
    maxPendingBytes: DEFAULT_MAX_PENDING_BYTES,
    slots: slotsOf(plans),
  });
}

function checkOf(keyField: string | undefined): (input: unknown) => void {
  return keyField === undefined ? () => {} : inputKey(keyField);
}

/** Prints each input as the function would get it, or the command that it makes with `--exec`, and executes nothing. */
async function printInputs(
  inputs: Inputs,
  { limit = Number.POSITIVE_INFINITY, key, quiet, exec }: MapCommandOptions,
  { output }: CommandContext,
): Promise<number> {
  const { args = [] } = resolveProgram("program", { exec }) ?? {};
  let unfit = 0;
  const shown = (input: unknown): string | undefined => {
    try {
      return filledCommandLine(args, input) ?? jsonText(input);
    } catch (error) {
      unfit += 1;
      output.err.line(`zmqpipeline: ${jsonText(input)}: ${describeThrown(error)}`);
      return undefined;
    }
  };
  let inputError: { readonly thrown: unknown } | undefined;
  const source = new InputIterator(inputs, limit, checkOf(key), (thrown) => {
    inputError = { thrown };
    return undefined;
  });
  let printed = 0;
  for (let step = await source.next(); step.done !== true; step = await source.next()) {
    const line = shown(step.value);
    if (line !== undefined) output.data(`${line}\n`);
    printed += 1;
    await output.room();
    if (output.lost.aborted) return EXIT.unread;
  }
  if (inputError !== undefined) {
    output.err.line(`zmqpipeline: ${inputs.name}: ${describeThrown(inputError.thrown)}`);
    return EXIT.runtime;
  }
  if (quiet !== true) output.err.line(`${counted(printed, "input")}; nothing was executed`);
  return unfit === 0 ? EXIT.ok : EXIT.failures;
}
