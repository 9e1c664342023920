import type { RunProgress } from "../../distributor/run-summary.ts";
import { Inspector } from "../../inspector/inspector.ts";
import type { EndpointAddress } from "../../protocol/endpoint-address.ts";

/** How long the run may take to say what it waits for, in ms. */
const ASK_MS = 2000;

/** What a run that is being stopped waits for: a line for each task with items that are with workers. */
export async function unfinishedWork(
  endpoint: EndpointAddress | undefined,
  { tasks }: RunProgress,
): Promise<string[]> {
  const names = Object.entries(tasks)
    .filter(([, { inFlight }]) => inFlight > 0)
    .map(([name]) => name);
  if (endpoint === undefined || names.length === 0) return [];
  await using inspector = new Inspector(endpoint, { timeout: ASK_MS });
  const lines: string[] = [];
  for (const name of names) {
    const { reasons } = await inspector.explain(name);
    // The first reason says that the run is being stopped, which the user knows.
    lines.push(...reasons.slice(1).map((reason) => `waits for ${name}: ${reason}`));
  }
  return lines;
}
