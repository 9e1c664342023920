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
 * Listens for Ctrl-C and SIGTERM while something runs: the first asks it to finish, and says so, the second ends the process.
 *
 * @param line - Writes a line for the user.
 * @param drain - Called at the first.
 * @returns What the process is to end with, where there was a signal; and what ends the listening.
 */
export function onInterrupt(line: (text: string) => void, drain: () => void) {
  let code: number | undefined;
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
      for (const { signal, listener } of listeners) process.off(signal, listener);
    },
  };
}
