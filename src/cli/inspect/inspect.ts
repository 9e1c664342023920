import { prometheusText } from "../../metrics/prometheus-text.ts";
import { FileError } from "../file-error.ts";
import { type CommandContext, printJson } from "../output.ts";
import type { InspectOptions } from "./inspect-options.ts";
import { layoutFor } from "./layout-for.ts";
import { openInspector } from "./open-inspector.ts";
import { reportLines } from "./report-text.ts";
import { WatchedRuns } from "./watched-runs.ts";

/** `zmqpipeline status`. @param address - `undefined`: all runs of this user on this machine. */
export async function showStatus(
  address: string | undefined,
  options: InspectOptions,
  context: CommandContext,
): Promise<void> {
  if (options.json && options.prometheus) throw new FileError("--json and --prometheus exclude each other");
  if (address === undefined) return await showLocalRuns(options, context);
  await using inspector = openInspector(address, options);
  const report = await inspector.status();
  if (options.json) return printJson(context, report);
  if (options.prometheus)
    return context.output.data(prometheusText(report.kind === "run" ? report.progress : report.status));
  context.output.text.lines(reportLines(report, layoutFor(context.output)));
}

async function showLocalRuns(options: InspectOptions, context: CommandContext): Promise<void> {
  if (options.prometheus) throw new FileError("--prometheus needs an endpoint");
  await using runs = new WatchedRuns(options);
  await runs.look();
  if (options.json) {
    for (const { entry, report } of runs.all) printJson(context, { ...entry, ...report });
    return;
  }
  context.output.text.lines(runs.lines(layoutFor(context.output)));
}

/** `zmqpipeline explain`. */
export async function showExplanation(
  address: string,
  subject: string,
  options: InspectOptions,
  context: CommandContext,
): Promise<void> {
  await using inspector = openInspector(address, options);
  const explanation = await inspector.explain(subject);
  if (options.json) return printJson(context, explanation);
  const { subject: what, state, reasons } = explanation;
  context.output.text.lines([`${what}: ${state}`, ...reasons.map((reason) => `  ${reason}`)]);
}
