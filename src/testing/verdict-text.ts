import { isUserFrame } from "../self/user-frames.ts";
import type { Finding, PipelineVerdict, TriedFaults } from "./pipeline-verdict.ts";

/**
 * A verdict for people.
 *
 * @param where - The run that found something.
 * @param idle - The tasks that gave no items.
 */
export function verdictText(
  { findings, tried }: Omit<PipelineVerdict, "text" | "ok">,
  where: string,
  idle: readonly string[],
): string {
  const found = findings.map((finding) => `- ${finding.message}\n${frameOf(finding)}`);
  const head =
    found.length === 0
      ? "The pipeline passed."
      : `The pipeline failed ${where}:\n${found.join("")}`.trimEnd();
  const untried =
    idle.length === 0
      ? ""
      : `\nNot tried, because they gave no items: ${idle.map((name) => `task ${JSON.stringify(name)}`).join(", ")}`;
  return `${head}${untried}\n${triedText(tried)}`;
}

/** Where an error was thrown, if one was. */
function frameOf({ error }: Finding): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frame = stack.split("\n").find(isUserFrame);
  return frame === undefined ? "" : `  ${frame.trim()}\n`;
}

function triedText(tried: TriedFaults): string {
  const faults = [
    counted(tried.killedWorkers, "killed worker"),
    counted(tried.killsAtAwaits, "kill at an await", "kills at an await"),
    counted(tried.killedCollectors, "killed collector"),
    counted(tried.killedDistributors, "killed distributor"),
    counted(tried.lostConnections, "lost connection"),
    counted(tried.lostMessages, "lost message"),
    counted(tried.duplicatedMessages, "duplicated message"),
    counted(tried.freezes, "freeze"),
    counted(tried.timeouts, "timeout"),
    counted(tried.overlaps, "overlap"),
  ].flat();
  return (
    `Tried: ${counted(tried.runs, "run")}, ${tried.items} items, ` +
    `${tried.executions} executions (${tried.repeatedExecutions} repeated), ` +
    `${tried.collections} collections (${tried.repeatedCollections} repeated), ` +
    (faults.length === 0 ? "no faults" : faults.join(", "))
  );
}

/** Nothing where there are none. */
function counted(count: number, name: string, names = `${name}s`): string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? name : names}`];
}
