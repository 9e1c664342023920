import { Inspector } from "../../inspector/inspector.ts";
import { prometheusText } from "../../metrics/prometheus-text.ts";
import { EndpointAddress } from "../../protocol/endpoint-address.ts";
import { Security } from "../../security/security.ts";
import { FileError } from "../file-error.ts";
import { type CommandContext, printJson } from "../output.ts";
import { Rates } from "../progress-text.ts";
import type { InspectOptions } from "./inspect-options.ts";
import { reportLines } from "./report-text.ts";

/** @throws FileError when the address is no endpoint. */
export function openInspector(address: string, { keys, service, timeout }: InspectOptions): Inspector {
  let endpoint: EndpointAddress;
  try {
    endpoint = new EndpointAddress(address);
  } catch (error) {
    throw new FileError((error as Error).message);
  }
  const security = keys === undefined ? undefined : Security.load(keys);
  return new Inspector(endpoint, { security, timeout, ...(service === true ? { server: "service" } : {}) });
}

/** `zmqpipeline status`. */
export async function showStatus(
  address: string,
  options: InspectOptions,
  context: CommandContext,
): Promise<void> {
  if (options.json && options.prometheus) throw new FileError("--json and --prometheus exclude each other");
  await using inspector = openInspector(address, options);
  const report = await inspector.status();
  if (options.json) return printJson(context, report);
  if (options.prometheus)
    return context.output.out(prometheusText(report.kind === "run" ? report.progress : report.status));
  for (const line of reportLines(report, new Rates())) context.output.out(`${line}\n`);
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
  context.output.out(`${explanation.subject}: ${explanation.state}\n`);
  for (const reason of explanation.reasons) context.output.out(`  ${reason}\n`);
}
