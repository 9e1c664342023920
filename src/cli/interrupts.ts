import { EXIT } from "./output.ts";

/** What a signal ends a process with. */
export const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Two signals within so many ms are one and its echo: no finger is as fast. */
const ECHO_MS = 50;

let hasEchoes = false;

/** Each signal may come twice: once from the terminal, once from the process that launched this one. */
export function expectEchoes(): void {
  hasEchoes = true;
}

type InterruptSignal = keyof typeof SIGNAL_CODES;

/**
 * Listens for Ctrl-C and SIGTERM while something runs: the first asks it to finish, and says so, the second ends the process. Standard
 * output that nobody reads any more, or that cannot be written, asks it to finish as well.
 *
 * @param line - Writes a line for the user.
 * @param lost - Aborted when standard output cannot be written any more.
 * @param drain - Called at the first of these.
 * @returns What the process is to end with, where something asked it to end; and what ends the listening.
 */
export function onInterrupt(line: (text: string) => void, lost: AbortSignal, drain: () => void) {
  let code: number | undefined;
  const onLost = () => {
    if (code !== undefined) return;
    code = EXIT.unread;
    drain();
  };
  lost.addEventListener("abort", onLost, { once: true });
  let heardAt = Number.NEGATIVE_INFINITY;
  const listeners = (Object.keys(SIGNAL_CODES) as InterruptSignal[]).map((signal) => {
    const listener = () => {
      const isEcho = hasEchoes && performance.now() - heardAt < ECHO_MS;
      heardAt = performance.now();
      if (isEcho) return;
      // Workers' processes end with their connection to this one.
      if (code !== undefined) process.exit(SIGNAL_CODES[signal]);
      code = SIGNAL_CODES[signal];
      line(`${signal}: what is under way may finish; once more, and it ends at once`);
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
