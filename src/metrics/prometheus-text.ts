import type { RunProgress } from "../distributor/run-summary.ts";
import type { ServiceStatus } from "../service/service-summary.ts";
import { visibleBlock } from "../structures/visible-text.ts";
import { type Metric, metricsOf } from "./metrics-of.ts";

/**
 * Formats the state of a run or a service as Prometheus text (version 0.0.4), for a `/metrics` page of your own. It only reads counters.
 *
 * @param status - The `progress` of a `Distributor` or a `Pipeline`, or the `status` of a `Service`.
 * @returns Lines of text; their content type is `text/plain; version=0.0.4`.
 *
 * @example
 * ```ts
 * createServer((request, response) => {
 *   response.setHeader("content-type", "text/plain; version=0.0.4").end(prometheusText(distributor.progress));
 * }).listen(9090, "127.0.0.1");
 * ```
 */
export function prometheusText(status: RunProgress | ServiceStatus): string {
  return metricsOf(status).map(format).join("");
}

function format({ name, type, help, values }: Metric): string {
  const lines = values.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeLabel(value: string): string {
  return visibleBlock(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
