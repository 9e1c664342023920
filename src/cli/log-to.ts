import { configure, type LogRecord, reset } from "@logtape/logtape";
import { withoutColours } from "../structures/visible-text.ts";
import type { Paint } from "../terminal/colours.ts";

/**
 * Writes warnings and errors of all roles as lines.
 *
 * @param paint - Paints the level at the beginning of a line.
 * @returns A function that ends it.
 */
export async function logTo(line: (text: string) => void, paint: Paint): Promise<() => Promise<void>> {
  const sink = ({ level, message }: LogRecord) => {
    const label = paint(level === "warning" ? "yellow" : "red", `${level}:`);
    // The log speaks of options of the API; on the command line they have other names.
    const text = message.map(String).join("").replace("retryFailed (--retry-failed)", "--retry-failed");
    line(`${label} ${withoutColours(text)}`);
  };
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
