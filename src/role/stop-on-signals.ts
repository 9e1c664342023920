import { SignalEcho } from "./signal-echo.ts";

/** The exit code of a process that a signal has ended. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

type StopSignal = keyof typeof EXIT_CODES;

const SIGNALS = Object.keys(EXIT_CODES) as StopSignal[];

/** What is to be stopped: all roles of the process that have asked for it share one listener. */
const stops = new Map<() => void, boolean>();
let hasHeard = false;
let echo = new SignalEcho();

/**
 * Calls `stop` at the first SIGINT (Ctrl-C) or SIGTERM, and sets the exit code that such a signal has. The second signal ends the process.
 *
 * @param leads - Whether the role ends those that work for it. Where such a role runs in the process, the others are not stopped beside it:
 *   a collector that stops at once would leave the distributor waiting for what is under way.
 * @returns A function that ends the listening.
 */
export function stopOnSignals(stop: () => void, leads: boolean): () => void {
  if (stops.size === 0) {
    hasHeard = false;
    echo = new SignalEcho();
    for (const signal of SIGNALS) process.on(signal, hear);
  }
  stops.set(stop, leads);
  if (hasHeard) queueMicrotask(stop); // a role that began after the signal
  return () => {
    if (stops.delete(stop) && stops.size === 0) unlisten();
  };
}

function hear(signal: NodeJS.Signals): void {
  if (echo.isEcho()) return;
  if (hasHeard) {
    unlisten();
    process.kill(process.pid, signal); // without our listener, the signal does what it does by default
    return;
  }
  hasHeard = true;
  process.exitCode ??= EXIT_CODES[signal as StopSignal];
  const all = [...stops];
  const hasLeader = all.some(([, leads]) => leads);
  for (const [stop, leads] of all) if (leads || !hasLeader) stop();
}

function unlisten(): void {
  for (const signal of SIGNALS) process.off(signal, hear);
}
