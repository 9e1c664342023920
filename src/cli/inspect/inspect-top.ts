import { PipelineError } from "../../errors.ts";
import { SIGNAL_CODES } from "../interrupts.ts";
import { type CommandContext, EXIT } from "../output.ts";
import { duration, Rates, truncate } from "../progress-text.ts";
import { openInspector } from "./inspect.ts";
import type { InspectOptions } from "./inspect-options.ts";
import { reportLines } from "./report-text.ts";

/** Switch a terminal to its alternate screen and hide the cursor; and back. */
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
/** Move to the upper left; clear the rest of a line; clear the screen below. */
const HOME = "\u001b[H";
const REST_OF_LINE = "\u001b[K";
const REST_OF_SCREEN = "\u001b[0J";

const CTRL_C = "\u0003";

/** `zmqpipeline top`: shows the status again and again, on the whole terminal, or as plain text where there is none. @returns The exit code. */
export async function showTop(
  address: string,
  options: InspectOptions,
  { output }: CommandContext,
): Promise<number> {
  const { interval = 1 } = options;
  await using inspector = openInspector(address, options);
  const rates = new Rates();
  const keys = new Keys(output.lost);
  const isLive = process.stdout.isTTY === true;
  let last: readonly string[] = [];
  let answeredAt: number | undefined;
  try {
    if (isLive) output.out(ENTER);
    while (!keys.isOver) {
      let trouble = "";
      try {
        last = reportLines(await Promise.race([inspector.status(), keys.over]), rates);
        answeredAt = performance.now();
      } catch (error) {
        if (keys.isOver) break;
        const isGone = error instanceof PipelineError && error.code === "PEER_TIMEOUT";
        // Nothing has ever answered, or the peer has refused: there is nothing to wait for.
        if (!isGone || answeredAt === undefined) throw error;
        trouble = `no answer for ${duration(Math.round(performance.now() - answeredAt))}: the run may be over`;
      }
      output.out(isLive ? screen(last, trouble) : `${[...last, trouble, ""].join("\n")}`);
      await keys.pause(interval * 1000);
    }
  } finally {
    keys.close();
    if (isLive) output.out(LEAVE);
  }
  return keys.code;
}

function screen(lines: readonly string[], trouble: string): string {
  const { columns = 80, rows = 24 } = process.stdout;
  const room = Math.max(1, rows - 2);
  const shown =
    lines.length <= room ? lines : [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more`];
  const all = [...shown, "", trouble === "" ? "press q to quit" : `${trouble}; press q to quit`];
  return HOME + all.map((line) => truncate(line, columns) + REST_OF_LINE).join("\n") + REST_OF_SCREEN;
}

/** Listens for what ends `top`: q, Ctrl-C, signals, and a lost output. */
class Keys {
  /** Rejects when `top` is to end. */
  readonly over: Promise<never>;
  code: number = EXIT.ok;
  isOver = false;
  #end: (reason: Error) => void = () => {};
  readonly #listeners = {
    SIGINT: () => this.#stop(SIGNAL_CODES.SIGINT),
    SIGTERM: () => this.#stop(SIGNAL_CODES.SIGTERM),
  };
  readonly #onData = (data: Buffer) => {
    const key = data.toString("latin1");
    if (key === "q" || key === "Q") this.#stop(EXIT.ok);
    else if (key === CTRL_C) this.#stop(SIGNAL_CODES.SIGINT);
  };

  /** @param lost - Aborted when standard output can no longer be written. */
  constructor(lost: AbortSignal) {
    this.over = new Promise((_resolve, reject) => {
      this.#end = reject;
    });
    this.over.catch(() => {}); // the loop races against it
    if (lost.aborted) this.#stop(EXIT.ok);
    lost.addEventListener("abort", () => this.#stop(EXIT.ok), { once: true });
    for (const [signal, listener] of Object.entries(this.#listeners)) process.on(signal, listener);
    if (process.stdin.isTTY) process.stdin.setRawMode(true).on("data", this.#onData).resume();
  }

  async pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([waited, this.over]).catch(() => {}); // the loop checks `isOver`
    clearTimeout(timer);
  }

  close(): void {
    for (const [signal, listener] of Object.entries(this.#listeners)) process.off(signal, listener);
    if (process.stdin.isTTY) process.stdin.setRawMode(false).off("data", this.#onData).pause();
  }

  #stop(code: number): void {
    this.code = code;
    this.isOver = true;
    this.#end(new Error("over"));
  }
}
