import { SignalEcho } from "../role/signal-echo.ts";
import { duration } from "../terminal/quantities.ts";
import { tellGuard } from "./guarded-process.ts";
import { EXIT } from "./output.ts";

/** The exit code of a process that a signal has ended. */
export const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export type InterruptSignal = keyof typeof SIGNAL_CODES;

export interface InterruptOptions {
  /** Writes a line for the user. */
  readonly line: (text: string) => void;
  /** Aborted when standard output can no longer be written. */
  readonly lost: AbortSignal;
  /** After which time the work is cut off, in ms. */
  readonly cutOffMs: number;
  /** How the work can go on, told at the second signal. */
  readonly advice: string | undefined;
  /** Called once, at the first signal or when `lost` is aborted. */
  readonly drain: () => void;
}

/** What is said when a second signal ends the work. */
export function endedText(signal: InterruptSignal, advice: string | undefined): string {
  return `${signal}: ended at once${advice === undefined ? "" : `; ${advice}`}`;
}

/**
 * Listens for Ctrl-C and SIGTERM: the first signal asks the work to finish, and says so; the second ends the process. The work is asked to
 * finish as well when standard output is closed by its reader, or cannot be written.
 *
 * @returns `code`: the exit code, once a signal or a lost output has asked the work to end. `stop`: ends the listening.
 */
export function onInterrupt({ line, lost, cutOffMs, advice, drain }: InterruptOptions) {
  let code: number | undefined;
  const onLost = () => {
    if (code !== undefined) return;
    code = EXIT.unread;
    drain();
  };
  lost.addEventListener("abort", onLost, { once: true });
  tellGuard({ zmqpipeline: "stopTimeout", ms: Number.isFinite(cutOffMs) ? cutOffMs : null });
  if (advice !== undefined) tellGuard({ zmqpipeline: "advice", text: advice });
  const echo = new SignalEcho();
  const listeners = (Object.keys(SIGNAL_CODES) as InterruptSignal[]).map((signal) => {
    const listener = () => {
      if (echo.isEcho()) return;
      tellGuard({ zmqpipeline: "heard" });
      // The processes of workers end when their connection to this process does.
      if (code !== undefined) {
        line(endedText(signal, advice));
        process.exit(SIGNAL_CODES[signal]);
      }
      code = SIGNAL_CODES[signal];
      const deadline = `without one, what still runs after ${duration(cutOffMs)} is cut off`;
      line(`${signal}: running work may finish; a second signal ends it at once (${deadline})`);
      drain();
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return {
    get code(): number | undefined {
      return code;
    },
    stop: () => {
      lost.removeEventListener("abort", onLost);
      for (const { signal, listener } of listeners) process.off(signal, listener);
    },
  };
}
