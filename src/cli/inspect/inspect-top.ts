import { announcedRuns } from "../../pipeline/run-folder.ts";
import { type CommandContext, EXIT, type Output } from "../output.ts";
import type { InspectOptions } from "./inspect-options.ts";
import { layoutFor } from "./layout-for.ts";
import { TopKeys } from "./top-keys.ts";
import { WatchedRun } from "./watched-run.ts";
import { WatchedRuns } from "./watched-runs.ts";

/** What `top` shows. */
interface Subject {
  /** Asks once how everything stands. */
  look(): Promise<void>;
  lines(): string[];
  /** Whether nothing is left to watch. */
  readonly isOver: boolean;
  /** What stays on the terminal after the end. */
  lastLines(): string[];
}

/**
 * `zmqpipeline top`: shows the status again and again, on the whole terminal, or as plain text where there is none.
 *
 * @param address - The endpoint of a run or a service; `undefined`: all of this user's on this machine.
 * @returns The exit code.
 */
export async function showTop(
  address: string | undefined,
  options: InspectOptions,
  { output }: CommandContext,
): Promise<number> {
  if (address === undefined) return await showAll(options, output);
  const entry = (await announcedRuns()).find(({ endpoint }) => endpoint === address);
  await using run = new WatchedRun(address, options, entry);
  const code = await watch(options, output, {
    look: async () => {
      await run.look();
      if (run.failure !== undefined) throw run.failure;
    },
    lines: () => run.lines(layoutFor(output)),
    get isOver() {
      return run.isOver;
    },
    lastLines: () => run.lines(layoutFor(output)),
  });
  return run.isGone ? EXIT.runtime : code;
}

/** All runs of this machine. On a terminal, further runs are waited for until `q`. */
async function showAll(options: InspectOptions, output: Output): Promise<number> {
  await using runs = new WatchedRuns(options);
  const isLive = output.text.isTerminal;
  return await watch(options, output, {
    look: () => runs.look(),
    lines: () => runs.lines(layoutFor(output)),
    get isOver() {
      return !isLive && runs.all.every(({ isOver }) => isOver);
    },
    lastLines: () => runs.all.filter(({ isOver }) => isOver).map((run) => run.endLine(layoutFor(output))),
  });
}

async function watch({ interval = 1 }: InspectOptions, output: Output, subject: Subject): Promise<number> {
  const keys = new TopKeys(output.lost);
  const isLive = output.text.isTerminal;
  const screen = isLive ? output.text.fullScreen() : undefined;
  try {
    while (!keys.isOver) {
      await Promise.race([subject.look(), keys.over]).catch((error: unknown) => {
        if (!keys.isOver) throw error;
      });
      if (keys.isOver || (isLive && subject.isOver)) break;
      const lines = subject.lines();
      if (screen === undefined) output.text.lines([...lines, ""]);
      else screen.draw(lines, "press q to quit");
      if (subject.isOver) break;
      await keys.pause(interval * 1000);
    }
  } finally {
    keys.close();
    screen?.leave();
  }
  if (isLive) output.text.lines(subject.lastLines());
  return keys.code;
}
