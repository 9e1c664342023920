import { announcedRuns } from "../../pipeline/run-folder.ts";
import { type CommandContext, EXIT, type Output } from "../output.ts";
import type { InspectOptions } from "./inspect-options.ts";
import { layoutFor } from "./layout-for.ts";
import { TopKeys } from "./top-keys.ts";
import { WatchedRun } from "./watched-run.ts";
import { WatchedRuns } from "./watched-runs.ts";

/** Switch a terminal to its alternate screen and hide the cursor; and back. */
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
/** Move to the upper left; clear the rest of a line; clear the screen below. */
const HOME = "\u001b[H";
const REST_OF_LINE = "\u001b[K";
const REST_OF_SCREEN = "\u001b[0J";

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
  const isLive = output.screen.isTTY === true;
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
  const isLive = output.screen.isTTY === true;
  try {
    if (isLive) output.out(ENTER);
    while (!keys.isOver) {
      await Promise.race([subject.look(), keys.over]).catch((error: unknown) => {
        if (!keys.isOver) throw error;
      });
      if (keys.isOver || (isLive && subject.isOver)) break;
      const lines = subject.lines();
      output.out(isLive ? screen(lines, output) : `${[...lines, ""].join("\n")}\n`);
      if (subject.isOver) break;
      await keys.pause(interval * 1000);
    }
  } finally {
    keys.close();
    if (isLive) output.out(LEAVE);
  }
  if (isLive) for (const line of subject.lastLines()) output.out(`${line}\n`);
  return keys.code;
}

function screen(lines: readonly string[], { screen: { rows = 24 } }: Output): string {
  const room = Math.max(1, rows - 2);
  const shown =
    lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more`];
  const all = [...shown, "", "press q to quit"];
  return HOME + all.map((line) => line + REST_OF_LINE).join("\n") + REST_OF_SCREEN;
}
