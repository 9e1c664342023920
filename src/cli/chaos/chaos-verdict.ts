import { EXIT } from "../output.ts";
import type { ChaosFaults } from "./chaos-options.ts";
import type { CollectedItems } from "./collected-items.ts";
import type { LifeEnd } from "./run-life.ts";

/** What `zmqpipeline chaos` says at its end. */
interface ChaosVerdict {
  /** Whether every item was collected once, or is reported as failed. */
  readonly ok: boolean;
  readonly exitCode: number;
  readonly problems: readonly string[];
  readonly faults: ChaosFaults;
  readonly collected: number;
  readonly failed: number;
  /** Ids of items that a later life of the run handled again. */
  readonly again: readonly string[];
  /** Those of them whose result was another one. */
  readonly changed: readonly string[];
}

interface Summary {
  readonly status: string;
  readonly tasks: Readonly<Record<string, Readonly<Record<"items" | "acked" | "failed", number>>>>;
}

/** Judges a run that has ended. @param givenUp - Why the run was given up, if it was. */
export function judge(
  { code, out }: LifeEnd,
  { items, twice, again, changed }: CollectedItems,
  faults: ChaosFaults,
  givenUp: string | undefined,
): ChaosVerdict {
  const summary = summaryOf(out);
  const total = (name: "items" | "acked" | "failed") =>
    Object.values(summary?.tasks ?? {}).reduce((sum, counts) => sum + counts[name], 0);
  const [collected, failed, given] = [total("acked"), total("failed"), total("items")];
  const problems: string[] = [];
  if (givenUp !== undefined) problems.push(`the run was ended: ${givenUp}`);
  else if (summary === undefined) problems.push(`the run ended with exit code ${code} and without a summary`);
  else {
    if (code !== EXIT.ok && code !== EXIT.failures) problems.push(`the run ended with exit code ${code}`);
    if (summary.status !== "complete") problems.push(`the run is ${summary.status}`);
    if (given !== collected + failed)
      problems.push(`${given} items were given, and ${collected + failed} are collected or failed`);
    if (items !== collected + failed)
      problems.push(`the run counts ${collected + failed} items, and the collector was called for ${items}`);
    if (Object.values(faults).every((times) => times === 0))
      problems.push("no fault happened: the run is too short; lower --every, or give it more items");
  }
  if (twice.length > 0)
    problems.push(`one process collected ${countText(twice.length, "item")} twice: ${listText(twice)}`);
  const ok = problems.length === 0;
  const exitCode = !ok ? EXIT.runtime : failed > 0 ? EXIT.failures : EXIT.ok;
  return { ok, exitCode, problems, faults, collected, failed, again, changed };
}

/** The verdict, for people. */
export function verdictLines(verdict: ChaosVerdict, seed: number): string[] {
  const { ok, problems, faults, collected, failed, again, changed } = verdict;
  const lines = [
    ok
      ? `every item was collected once: ${collected} collected, ${failed} failed`
      : "not every item was seen to be collected once:",
    ...problems.map((problem) => `- ${problem}`),
    `seed ${seed}: ${countText(faults.killedWorkers, "worker")} killed, ${faults.stoppedWorkers} stopped; the whole run killed ${countText(faults.killedRuns, "time")}`,
  ];
  if (again.length > 0)
    lines.push(
      `handled again after a kill of the run, so the collector must write by id: ${listText(again)}`,
    );
  if (changed.length > 0)
    lines.push(`with another result than before, so the worker is not deterministic: ${listText(changed)}`);
  return lines;
}

function countText(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

function summaryOf(out: string): Summary | undefined {
  try {
    const read: unknown = JSON.parse(out.trim().split("\n").at(-1) ?? "");
    return typeof read === "object" && read !== null && "tasks" in read ? (read as Summary) : undefined;
  } catch {
    return undefined; // the run has ended without a summary
  }
}

function listText(ids: readonly string[]): string {
  return ids.length > 3 ? `${ids.length} items, ${ids.slice(0, 3).join(", ")} …` : ids.join(", ");
}
