import {
  configureSync,
  type Filter,
  type LogLevel,
  type LogRecord,
  type Sink,
  type TextFormatter,
} from "@logtape/logtape";
import { atCaller } from "../self/at-caller.ts";
import {
  assertKnown,
  assertNames,
  assertNoReferences,
  assertOnly,
  assertTable,
  assertText,
  pick,
  withoutNulls,
} from "./config-checks.ts";
import { compileFormat } from "./format.ts";
import { LEVEL_NUMBERS, levelNumber, lowestLevel } from "./level.ts";
import { checkedHandler, terminatorOf } from "./log-handler.ts";
import type {
  FilterConfig,
  FormatterConfig,
  HandlerConfig,
  LoggerConfig,
  LoggingConfig,
} from "./logging-config.ts";

const READY_MADE: Readonly<Record<string, FormatterConfig>> = {
  simple: { format: "%(levelname)s %(message)s" },
  verbose: { format: "%(levelname)s %(asctime)s %(module)s %(process)d %(thread)d %(message)s" },
};

const MEMBERS = [
  "version",
  "formatters",
  "filters",
  "handlers",
  "loggers",
  "root",
  "disable_existing_loggers",
  "incremental",
];

const REPLACED = "a configuration replaces the earlier one as a whole, and disables no logger";

type Table<T> = Readonly<Record<string, T>>;

/**
 * Configures logging for this process; a later call replaces the configuration. Nothing is logged before the first call. It is built on
 * LogTape, whose own `configure()` works as well, and has more options.
 *
 * @param config - Handlers, loggers, formatters and filters, as Python's `logging.config.dictConfig` takes them. A dictionary from a
 *   Python program works if it needs no Python: factories (`"()"`), classes of handlers other than streams and files, and names of the
 *   place in the code (`lineno`) are refused by name.
 * @throws TypeError when the configuration has something that is not known: a member, handler, formatter, level or field of a format.
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
  atCaller(configureLogging, () => configure(config));
}

function configure(config: LoggingConfig): void {
  assertTable(config, "The logging configuration");
  assertKnown(config, MEMBERS, "The logging configuration");
  assertNoReferences(config);
  assertOnly(config.version, 1, "version of the logging configuration", "there is no other version");
  assertOnly(config.disable_existing_loggers, false, "disable_existing_loggers", REPLACED);
  assertOnly(config.incremental, false, "incremental", REPLACED);
  const formats = mapTable({ ...READY_MADE, ...table(config.formatters, "formatters") }, formatOf);
  const filters = mapTable(table(config.filters, "filters"), filterOf);
  const openers = mapTable(table(config.handlers, "handlers"), (handler, name) =>
    handlerOf(handler, name, formats, filters),
  );
  const loggers = loggersOf(config, openers, filters);
  const sinks = openAll(openers);
  sinks["zmqpipeline.meta"] = (record) => process.stderr.write(META_FORMAT(record));
  const meta = { category: ["logtape", "meta"], sinks: ["zmqpipeline.meta"], lowestLevel: "error" as const };
  configureSync({ reset: true, sinks, filters: loggers.filters, loggers: [...loggers.loggers, meta] });
}

const META_FORMAT = compileFormat("%(levelname)s %(message)s");
const BARE = compileFormat("%(message)s");

function formatOf(given: FormatterConfig, name: string): TextFormatter {
  const where = `formatter ${JSON.stringify(name)}`;
  const formatter = withoutNulls(given, where);
  if (Object.hasOwn(formatter, "()"))
    throw new TypeError(`${where} has a factory "()", which is not supported: give it a format`);
  assertKnown(formatter, ["format", "datefmt", "style", "validate", "class"], where);
  const { format = "", style = "%", validate, class: kind } = formatter;
  const datefmt = formatter.datefmt ?? undefined;
  assertText(format, `format of ${where}`);
  assertText(datefmt, `datefmt of ${where}`);
  assertText(style, `style of ${where}`);
  assertOnly(validate, true, `validate of ${where}`, "formats are always checked");
  assertOnly(kind, "logging.Formatter", `class of ${where}`, "there is no other class");
  pick({ "%": true, "{": true, $: true }, style, "style", where);
  return compileFormat(format ?? "", datefmt, style);
}

function filterOf(filter: FilterConfig, name: string): Filter {
  const where = `filter ${JSON.stringify(name)}`;
  assertTable(filter, where);
  if (Object.hasOwn(filter, "()"))
    throw new TypeError(
      `${where} has a factory "()", which is not supported: a filter has the name of a logger`,
    );
  assertKnown(filter, ["name"], where);
  assertText(filter.name, `name of ${where}`);
  const category = categoryOf(filter.name ?? "");
  return (record) => category.every((part, index) => record.category[index] === part);
}

function handlerOf(
  given: HandlerConfig,
  name: string,
  formats: Table<TextFormatter>,
  filters: Table<Filter>,
): () => Sink {
  const where = `handler ${JSON.stringify(name)}`;
  const handler = withoutNulls(given, where);
  const open = checkedHandler(handler, where);
  const { formatter } = handler;
  assertText(formatter, `formatter of ${where}`);
  const line = formatter ? pick(formats, formatter, "formatter", where) : usualFormat(handler, formats);
  const end = terminatorOf(handler, where);
  const format = end === "\n" ? line : (record: LogRecord) => `${line(record).slice(0, -1)}${end}`;
  assertNames(handler.filters, `filters of ${where}`);
  const passes = (handler.filters ?? []).map((filter) => pick(filters, filter, "filter", where));
  const least = levelNumber(handler.level ?? 0, where);
  return () => filtered(open(format), least, passes);
}

/** Without a formatter, Python's handlers write the bare message. */
function usualFormat(handler: HandlerConfig, formats: Table<TextFormatter>): TextFormatter {
  return handler.class.startsWith("logging.") ? BARE : (formats.simple as TextFormatter);
}

/** Adds a lowest level and filters. The sink's `dispose` is kept: LogTape calls it when the configuration is replaced or the process exits. */
function filtered(sink: Sink, least: number, passes: readonly Filter[]): Sink {
  const guarded: Sink = (record) => {
    if (LEVEL_NUMBERS[record.level] >= least && passes.every((pass) => pass(record))) sink(record);
  };
  return Symbol.dispose in sink
    ? Object.assign(guarded, { [Symbol.dispose]: sink[Symbol.dispose] })
    : guarded;
}

function openAll(openers: Table<() => Sink>): Record<string, Sink> {
  const sinks: Record<string, Sink> = {};
  try {
    for (const [name, open] of Object.entries(openers)) sinks[name] = open();
  } catch (error) {
    for (const sink of Object.values(sinks)) (sink as Partial<Disposable>)[Symbol.dispose]?.();
    throw error;
  }
  return sinks;
}

function loggersOf(config: LoggingConfig, openers: Table<() => Sink>, filters: Table<Filter>) {
  const all: Record<string, LoggerConfig> = {};
  for (const [name, logger] of Object.entries(table(config.loggers, "loggers")))
    all[name === "root" ? "" : name] = withoutNulls(logger, `logger ${JSON.stringify(name)}`);
  if (config.root !== undefined && config.root !== null) {
    const root = withoutNulls(config.root, "root");
    assertKnown(root, ["handlers", "level", "filters"], "root");
    all[""] = root;
  }
  for (const [name, logger] of Object.entries(all)) assertLogger(logger, name, openers, filters);
  const used: Record<string, Filter> = {};
  const loggers = Object.entries(all).map(([name, logger]) => {
    const category = categoryOf(name);
    const passes = (logger.filters ?? []).map((filter) => filters[filter] as Filter);
    // As in Python, a logger's filters look at its own records. LogTape's would look at those of loggers below, too.
    if (passes.length > 0)
      used[name] = (record) =>
        record.category.length !== category.length || passes.every((pass) => pass(record));
    return {
      category,
      sinks: [...new Set(logger.handlers ?? [])],
      filters: passes.length > 0 ? [name] : [],
      lowestLevel: effectiveLevel(all, name),
      // "forward" propagates as dictConfig does: records go to the ancestors' handlers, whatever the ancestors' own levels are.
      parentSinks:
        logger.propagate === false || logger.propagate === 0 ? ("override" as const) : ("forward" as const),
    };
  });
  return { loggers, filters: used };
}

function assertLogger(
  logger: LoggerConfig,
  name: string,
  openers: Table<() => Sink>,
  filters: Table<Filter>,
): void {
  const where = name === "" ? "the root logger" : `logger ${JSON.stringify(name)}`;
  assertTable(logger, where);
  assertKnown(logger, ["handlers", "level", "filters", "propagate"], where);
  assertNames(logger.handlers, `handlers of ${where}`);
  assertNames(logger.filters, `filters of ${where}`);
  for (const handler of logger.handlers ?? []) pick(openers, handler, "handler", where);
  for (const filter of logger.filters ?? []) pick(filters, filter, "filter", where);
  if (logger.level !== undefined) levelNumber(logger.level, where);
  const { propagate } = logger;
  if (propagate !== undefined && ![true, false, 0, 1].includes(propagate as boolean))
    throw new TypeError(`propagate of ${where} must be true or false`);
}

/** The level of the nearest ancestor that has one: `NOTSET` is none, but at the root, where it means every level. */
function effectiveLevel(loggers: Table<LoggerConfig>, name: string): LogLevel | null {
  for (let at = name; ; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const own = loggers[at]?.level ?? undefined;
    const number = own === undefined ? undefined : levelNumber(own, at);
    if (number !== undefined && (number > 0 || at === "")) return lowestLevel(number);
    if (at === "") return "warning";
  }
}

function categoryOf(name: string): string[] {
  return name === "" ? [] : name.split(".");
}

function table<T>(value: Table<T> | undefined, where: string): Table<T> {
  if (value === undefined) return {};
  assertTable(value, `${where} of the logging configuration`);
  return value;
}

function mapTable<T, U>(from: Table<T>, make: (value: T, name: string) => U): Table<U> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, make(value, name)]));
}
