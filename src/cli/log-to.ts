import { configure, type LogRecord, reset } from "@logtape/logtape";

/**
 * Writes warnings and errors of all roles as lines.
 *
 * @returns A function that ends it.
 */
export async function logTo(line: (text: string) => void): Promise<() => Promise<void>> {
  const sink = ({ level, message }: LogRecord) => line(`${level}: ${message.map(String).join("")}`);
  await configure({
    reset: true,
    sinks: { lines: sink },
    loggers: [
      { category: "zmqpipeline", lowestLevel: "warning", sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
  return async () => await reset();
}
