import { configure, type LogRecord, reset } from "@logtape/logtape";
import { afterEach, beforeEach } from "vitest";

/** Keeps the log lines of each test of a file, from level info on, with all their facts. @returns The lines so far. */
export function captureLog(): () => readonly string[] {
  let lines: string[] = [];
  beforeEach(async () => {
    lines = [];
    const sink = (record: LogRecord) => {
      const text = record.message.map(String).join("");
      lines.push(`${record.level} ${text} ${JSON.stringify(record.properties)}`);
    };
    await configure({
      sinks: { memory: sink },
      loggers: [
        { category: "zmqpipeline", lowestLevel: "info", sinks: ["memory"] },
        { category: ["logtape", "meta"], lowestLevel: "error", sinks: [] },
      ],
    });
  });
  afterEach(async () => await reset());
  return () => lines;
}
