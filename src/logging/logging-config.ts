/** A level: how much is logged. The numbers are Python's: 10 is `DEBUG`, 50 is `CRITICAL`, and 0 (`NOTSET`) leaves it to the ancestors. */
export type LevelName = "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL" | "NOTSET";

/** A text that is checked when it is used, so that a dictionary in a variable compiles; editors offer the names. */
type Text<Names extends string> = Names | (string & {});

/** The format of a line of the log. */
export interface FormatterConfig {
  /**
   * A format such as `'%(levelname)s %(asctime)s %(name)s %(message)s'`. It must have a field.
   * @default "%(message)s"
   */
  readonly format?: string | null;
  /**
   * The format of `asctime`, as Python's `strftime` has it: `'%Y-%m-%d %H:%M:%S'`.
   * @default date, time and milliseconds: `2026-11-25 20:31:04,017`
   */
  readonly datefmt?: string | null;
  /**
   * How the format marks its fields: `"%"` as `%(message)s`, `"{"` as `{message}`, `"$"` as `${message}`.
   * @default "%"
   */
  readonly style?: Text<"%" | "{" | "$">;
  /** Formats are always checked: only `true` is accepted. */
  readonly validate?: boolean;
  /** Only Python's own formatter is known. */
  readonly class?: Text<"logging.Formatter">;
}

/** Passes the records of one logger and of those below it. */
export interface FilterConfig {
  /**
   * The logger's dotted name.
   * @default "" (all loggers)
   */
  readonly name?: string;
}

/** A destination of log lines. */
export interface HandlerConfig {
  /** `console` writes to a stream of the process, `file` appends to a file, `null` drops the lines. The `logging.*` names mean the same. */
  readonly class: Text<
    "console" | "file" | "null" | "logging.StreamHandler" | "logging.FileHandler" | "logging.NullHandler"
  >;
  /**
   * The lowest level that is written: a name, or a number.
   * @default "NOTSET" (every level)
   */
  readonly level?: Text<LevelName> | number | null;
  /**
   * A name from `formatters`, or the built-in `simple` or `verbose`.
   * @default "simple", or the bare message for the `logging.*` classes, as in Python
   */
  readonly formatter?: string | null;
  /** Names from `filters`: the records that all of them pass are written. */
  readonly filters?: readonly string[] | null;
  /** Attributes that Python sets on the handler. `terminator`, the end of each line, is known; `"\n"` by default. */
  readonly "."?: { readonly terminator?: string };
  /**
   * For `console`: the stream.
   * @default "stderr"
   */
  readonly stream?: Text<"stdout" | "stderr" | "ext://sys.stdout" | "ext://sys.stderr"> | null;
  /** For `file`: its path. */
  readonly filename?: string;
  /**
   * For `file`: `"a"` appends, `"w"` empties the file first, `"x"` refuses a file that exists. The threads of a worker, which import the
   * same configuration, go on with the file.
   * @default "a"
   */
  readonly mode?: Text<"a" | "w" | "x">;
  /**
   * For `file`: `"utf-8"`, `"utf-8-sig"`, `"utf-16"`, `"utf-16-le"`, `"utf-16-be"`, `"ascii"`, `"latin-1"` or `"cp1252"`.
   * @default "utf-8"
   */
  readonly encoding?: string | null;
  /**
   * For `file`: what becomes of a character that the encoding lacks. With `"strict"`, Python would lose the line; here it is written as
   * with `"backslashreplace"`.
   * @default "strict"
   */
  readonly errors?: Text<"strict" | "backslashreplace" | "replace" | "ignore" | "xmlcharrefreplace"> | null;
  /**
   * For `file`: whether the file is opened with the first line only.
   * @default false
   */
  readonly delay?: boolean;
}

/** The level and the handlers of the root logger. */
export interface RootLoggerConfig {
  /** Names from `handlers`. */
  readonly handlers?: readonly string[] | null;
  /**
   * The lowest level that is logged: a name, or a number.
   * @default the level of the nearest configured ancestor, or "WARNING"
   */
  readonly level?: Text<LevelName> | number | null;
  /** Names from `filters`. They look at the records of this logger itself, not at those of loggers below it. */
  readonly filters?: readonly string[] | null;
}

/** The level and the handlers of one logger. */
export interface LoggerConfig extends RootLoggerConfig {
  /**
   * Whether records also go to the handlers of the ancestors. `0` and `1` mean `false` and `true`.
   * @default true
   */
  readonly propagate?: boolean | number | null;
}

/** A logging configuration in the form of Python's `logging.config.dictConfig`. What it does not know, it refuses by name. */
export interface LoggingConfig {
  /** Only `1` is known. */
  readonly version?: number;
  readonly formatters?: Readonly<Record<string, FormatterConfig>>;
  readonly filters?: Readonly<Record<string, FilterConfig>>;
  readonly handlers?: Readonly<Record<string, HandlerConfig>>;
  /** Loggers by dotted name; `""` and `root` are the root. */
  readonly loggers?: Readonly<Record<string, LoggerConfig>>;
  /** The root logger: its handlers get what all other loggers propagate. */
  readonly root?: RootLoggerConfig | null;
  /** Only `false` is accepted: a configuration replaces the earlier one as a whole, and no logger is disabled. */
  readonly disable_existing_loggers?: boolean;
  /** Only `false` is accepted: a configuration replaces the earlier one as a whole. */
  readonly incremental?: boolean;
}
