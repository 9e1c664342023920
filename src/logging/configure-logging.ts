import { closeSync, openSync, writeSync } from "node:fs";
import { configureSync, type LogLevel, type Sink, type TextFormatter } from "@logtape/logtape";
import { compileFormat, LEVELS } from "./format.ts";

/** A level: how much is logged. */
export type LevelName = "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL";

/** The format of a line of the log. */
export interface FormatterConfig {
  /** A format such as `'%(levelname)s %(asctime)s %(name)s %(message)s'`. */
  readonly format: string;
}

/** A destination of log lines. */
export interface HandlerConfig {
  /** `console` writes to a stream of the process, `file` appends to a file. The `logging.*` names mean the same. */
  readonly class: "console" | "file" | "logging.StreamHandler" | "logging.FileHandler";
  /**
   * The lowest level that is written.
   * @default "DEBUG"
   */
  readonly level?: LevelName;
  /**
   * A name from `formatters`, or the built-in `simple` or `verbose`.
   * @default "simple"
   */
  readonly formatter?: string;
  /**
   * For `console`: the stream.
   * @default "stderr"
   */
  readonly stream?: "stdout" | "stderr";
  /** For `file`: its path. */
  readonly filename?: string;
  /**
   * For `file`: `"a"` appends, `"w"` empties the file first.
   * @default "a"
   */
  readonly mode?: "a" | "w";
}

/** The level and the handlers of one logger. */
export interface LoggerConfig {
  /** Names from `handlers`. */
  readonly handlers?: readonly string[];
  /**
   * The lowest level that is logged.
   * @default the level of the nearest configured ancestor, or "WARNING"
   */
  readonly level?: LevelName;
  /**
   * Whether records also go to the handlers of the ancestors.
   * @default true
   */
  readonly propagate?: boolean;
}

/** A logging configuration in the form of Python's `logging.config.dictConfig`. */
export interface LoggingConfig {
  readonly version?: 1;
  readonly formatters?: Readonly<Record<string, FormatterConfig>>;
  readonly handlers: Readonly<Record<string, HandlerConfig>>;
  /** Loggers by dotted name; `""` is the root. */
  readonly loggers: Readonly<Record<string, LoggerConfig>>;
}

const READY_MADE: Readonly<Record<string, FormatterConfig>> = {
  simple: { format: "%(levelname)s %(message)s" },
  verbose: { format: "%(levelname)s %(asctime)s %(module)s %(process)d %(thread)d %(message)s" },
};

/**
 * Configures logging for this process; a later call replaces the configuration. Nothing is logged before the first call. It is built on
 * LogTape, whose own `configure()` works as well, and has more options.
 *
 * @param config - Handlers, loggers and formatters.
 * @throws TypeError when the configuration names an unknown handler, formatter, level or format field.
 * @throws Error when a log file cannot be opened.
 *
 * @example
 * ```ts
 * configureLogging({
 *   handlers: { console: { class: "console", formatter: "verbose" } },
 *   loggers: { zmqpipeline: { handlers: ["console"], level: "INFO" } },
 * });
 * ```
 */
export function configureLogging(config: LoggingConfig): void {
  const formatters = { ...READY_MADE, ...config.formatters };
  const sinks: Record<string, Sink> = {};
  for (const [name, handler] of Object.entries(config.handlers)) {
    const { format } = pick(
      formatters,
      handler.formatter ?? "simple",
      "formatter",
      `handler ${JSON.stringify(name)}`,
    );
    sinks[name] = atLevel(level(handler.level ?? "DEBUG"), openSink(name, handler, compileFormat(format)));
  }
  const loggers = Object.entries(config.loggers).map(([name, logger]) => {
    for (const handler of logger.handlers ?? [])
      pick(sinks, handler, "handler", `logger ${JSON.stringify(name)}`);
    return {
      category: name === "" ? [] : name.split("."),
      sinks: [...(logger.handlers ?? [])],
      lowestLevel: effectiveLevel(config.loggers, name),
      // "forward" propagates as dictConfig does: records go to the ancestors' handlers, whatever the ancestors' own levels are.
      parentSinks: logger.propagate === false ? ("override" as const) : ("forward" as const),
    };
  });
  const meta = { category: ["logtape", "meta"], sinks: ["zmqpipeline.meta"], lowestLevel: "error" as const };
  sinks["zmqpipeline.meta"] = openSink(
    "meta",
    { class: "console" },
    compileFormat("%(levelname)s %(message)s"),
  );
  configureSync({ reset: true, sinks, loggers: [...loggers, meta] });
}

function openSink(name: string, handler: HandlerConfig, format: TextFormatter): Sink {
  switch (handler.class) {
    case "console":
    case "logging.StreamHandler": {
      const stream = handler.stream === "stdout" ? process.stdout : process.stderr;
      return (record) => {
        stream.write(format(record));
      };
    }
    case "file":
    case "logging.FileHandler": {
      if (handler.filename === undefined)
        throw new TypeError(`Log handler ${JSON.stringify(name)} must have a filename`);
      const file = openSync(handler.filename, handler.mode ?? "a");
      const sink: Sink & Disposable = Object.assign(
        (record: Parameters<Sink>[0]) => {
          writeSync(file, format(record));
        },
        { [Symbol.dispose]: () => closeSync(file) },
      );
      return sink;
    }
    default:
      throw new TypeError(
        `Class ${JSON.stringify(handler.class)} of log handler ${JSON.stringify(name)} must be console or file`,
      );
  }
}

/** Adds a lowest level to a sink. The sink's `dispose` is kept: LogTape calls it when the configuration is replaced or the process exits. */
function atLevel(lowest: LogLevel, sink: Sink): Sink {
  const order: readonly LogLevel[] = ["trace", "debug", "info", "warning", "error", "fatal"];
  const least = order.indexOf(lowest);
  const filtered: Sink = (record) => {
    if (order.indexOf(record.level) >= least) sink(record);
  };
  return Symbol.dispose in sink
    ? Object.assign(filtered, { [Symbol.dispose]: sink[Symbol.dispose] })
    : filtered;
}

function effectiveLevel(loggers: LoggingConfig["loggers"], name: string): LogLevel {
  for (let at = name; ; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const own = loggers[at]?.level;
    if (own !== undefined) return level(own);
    if (at === "") return "warning";
  }
}

function level(name: string): LogLevel {
  return pick(LEVELS, name, "level", "the logging configuration");
}

function pick<T>(from: Readonly<Record<string, T>>, name: string, what: string, where: string): T {
  const found = Object.hasOwn(from, name) ? from[name] : undefined;
  if (found === undefined) {
    throw new TypeError(
      `Unknown ${what} ${JSON.stringify(name)} in ${where}; known are ${Object.keys(from).join(", ")}`,
    );
  }
  return found;
}
