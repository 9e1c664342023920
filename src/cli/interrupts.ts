/** What a signal ends a process with. */
const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export type InterruptSignal = keyof typeof CODES;

/**
 * Listens for Ctrl-C and SIGTERM while something runs: the first asks it to finish, the second ends the process.
 *
 * @param drain - Called at the first.
 * @returns What the process is to end with, where there was a signal; and what ends the listening.
 */
export function onInterrupt(drain: (signal: InterruptSignal) => void) {
  let code: number | undefined;
  const listeners = (Object.keys(CODES) as InterruptSignal[]).map((signal) => {
    const listener = () => {
      // Workers' processes end with their connection to this one.
      if (code !== undefined) process.exit(CODES[signal]);
      code = CODES[signal];
      drain(signal);
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
