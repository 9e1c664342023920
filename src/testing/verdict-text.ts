import { isUserFrame } from "../self/user-frames.ts";
import type { Finding, PipelineVerdict, TriedFaults } from "./pipeline-verdict.ts";

/** A verdict for people. */
export function verdictText({ findings, seed, tried }: Omit<PipelineVerdict, "text" | "ok">): string {
  const found = findings.map((finding) => `- ${finding.message}\n${frameOf(finding)}`);
  const replay = seed === undefined ? "in a run without faults" : `with seed ${seed}, which repeats it`;
  const head =
    found.length === 0
      ? "The pipeline passed."
      : `The pipeline failed ${replay}:\n${found.join("")}`.trimEnd();
  return `${head}\n${triedText(tried)}`;
}

/** Where an error was thrown, if one was. */
function frameOf({ error }: Finding): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frame = stack.split("\n").find(isUserFrame);
  return frame === undefined ? "" : `  ${frame.trim()}\n`;
}

function triedText(tried: TriedFaults): string {
  return (
    `Tried: ${tried.runs} runs, ${tried.items} items, ${tried.executions} executions (${tried.repeatedExecutions} repeated), ` +
    `${tried.collections} collections (${tried.repeatedCollections} repeated), kills of ${tried.killedWorkers} workers, ` +
    `${tried.killedCollectors} collectors and ${tried.killedDistributors} distributors, each started again, ` +
    `${tried.lostConnections} lost connections, ${tried.lostMessages} lost and ${tried.duplicatedMessages} duplicated messages, ` +
    `${tried.freezes} freezes`
  );
}
