import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type LogRecord, reset } from "@logtape/logtape";
import { afterEach, describe, expect, test, vi } from "vitest";
import { configureLogging, getLogger, type LoggingConfig } from "../../src/index.ts";
import { compileFormat } from "../../src/logging/format.ts";
import { tempFolder } from "../support/endpoints.ts";

afterEach(async () => {
  await reset();
  vi.restoreAllMocks();
});

const lines = (file: string) => readFileSync(file, "utf8").split("\n").slice(0, -1);

const RECORD: LogRecord = {
  category: ["zmqpipeline", "task"],
  level: "warning",
  message: ["hello"],
  rawMessage: "hello",
  properties: {},
  timestamp: new Date(2026, 1, 3, 14, 5, 6, 7).getTime(),
};
const show = (...args: Parameters<typeof compileFormat>) => compileFormat(...args)(RECORD).slice(0, -1);

describe("Formats of log lines mean what they mean in Python:", () => {
  const pid = process.pid;
  const created = RECORD.timestamp / 1000;
  test.each<[string, string]>([
    ["%(message).3s|%(message)-7s|%(message)7.2s", "hel|hello  |     he"],
    [
      "%(process)09d|%(process)-9d|%(process)+d",
      `${`${pid}`.padStart(9, "0")}|${`${pid}`.padEnd(9)}|+${pid}`,
    ],
    ["%(process)x|%(process)#x|%(levelno)o", `${pid.toString(16)}|0x${pid.toString(16)}|36`],
    ["%(created)f|%(created).2f|%(msecs)03d", `${created.toFixed(6)}|${created.toFixed(2)}|007`],
    ["%(levelno)s %(levelname)s 100%%", "30 WARNING 100%"],
    ["%(levelno)e", "3.000000e+01"],
    ["%(message)r", '"hello"'],
    ["%(asctime)s", "2026-02-03 14:05:06,007"],
    ["%(threadName)s %(name)s %(module)s", `${show("%(threadName)s")} zmqpipeline.task task`],
  ])("%s", (format, line) => {
    expect(show(format)).toBe(line);
  });

  test.each<[string, string, string]>([
    [
      "{",
      "{levelname:<9}|{message:^9}|{levelno:05d}|{{{message!r:>8}}}",
      'WARNING  |  hello  |00030|{ "hello"}',
    ],
    ["{", "{message:*>7.3}|{levelno:+.1f}", "****hel|+30.0"],
    ["$", "$levelname: $" + "{message} $$5", "WARNING: hello $5"],
  ])("style %s: %s", (style, format, line) => {
    expect(show(format, undefined, style)).toBe(line);
  });

  test("datefmt has the directives of strftime", () => {
    const line = show("%(asctime)s", "%a %A %b %B %d %e %y %Y %j %H %I %p %M %S %F %T %w %u 100%%");
    expect(line).toBe(
      "Tue Tuesday Feb February 03  3 26 2026 034 14 02 PM 05 06 2026-02-03 14:05:06 2 2 100%",
    );
    expect(show("%(asctime)s", "%z")).toMatch(/^[+-]\d{4}$/);
  });

  test.each<[Parameters<typeof compileFormat>, RegExp]>([
    [["%(message)d"], /"message" is text/],
    [["100% %(message)s"], /"%" at 3 that begins no field/],
    [["%(message)"], /"%" at 0/],
    [["%(message)q"], /type "q"; known are s, r/],
    [["%(lineno)d"], /%\(lineno\)s must be one of .*lines do not know their place in the code/],
    [["{", undefined, "{"], /such as {message}/],
    [["$ 5", undefined, "$"], /such as \$message/],
    [["%(asctime)s", "%Q"], /datefmt "%Q" has %Q; known are %a/],
    [["%(constructor)s"], /must be one of/],
  ])("refused: %j", (args, text) => {
    expect(() => compileFormat(...args)).toThrow(TypeError);
    expect(() => compileFormat(...args)).toThrow(text);
  });
});

describe("configureLogging() takes a dictionary of Python's:", () => {
  test("the original's page, in a variable, with disable_existing_loggers and ext://sys.stdout", () => {
    const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const LOGGING = {
      version: 1,
      disable_existing_loggers: false,
      formatters: { verbose: { format: "%(levelname)s %(module)s %(message)s" } },
      handlers: {
        console: {
          level: "INFO",
          class: "logging.StreamHandler",
          formatter: "verbose",
          stream: "ext://sys.stdout",
        },
      },
      loggers: { zmqpipeline: { handlers: ["console"], level: "DEBUG", propagate: true } },
    };
    configureLogging(LOGGING);
    getLogger("zmqpipeline.task").info("one");
    getLogger("zmqpipeline.task").debug("below the handler's level");
    expect(out.mock.calls).toEqual([["INFO task one\n"]]);
  });

  test("root, numeric levels and NOTSET", () => {
    const file = join(tempFolder(), "log");
    configureLogging({
      handlers: { file: { class: "file", filename: file, formatter: "bare", level: 20 } },
      formatters: { bare: {} },
      loggers: {
        a: { level: "NOTSET" },
        b: { level: 35 },
        c: { level: 99 },
        d: { level: 10, handlers: ["file"], propagate: false },
      },
      root: { level: 15, handlers: ["file"] },
    });
    getLogger("a.x").info("a info");
    getLogger("a").debug("a debug");
    getLogger("b").warning("b warning");
    getLogger("b").error("b error");
    getLogger("c").fatal("c fatal");
    getLogger("d").info("d info");
    getLogger("elsewhere").info("info of no logger by name");
    expect(lines(file)).toEqual(["a info", "b error", "d info", "info of no logger by name"]);
  });

  test("filters of handlers and of loggers, which look at a logger's own records", () => {
    const folder = tempFolder();
    const [worker, all] = [join(folder, "worker"), join(folder, "all")];
    const formatters = { bare: { format: "%(name)s" } };
    configureLogging({
      formatters,
      filters: { worker: { name: "z.worker" }, any: {} },
      handlers: {
        worker: { class: "file", filename: worker, formatter: "bare", filters: ["worker", "any"] },
        all: { class: "file", filename: all, formatter: "bare" },
      },
      loggers: { z: { filters: ["worker"] } },
      root: { level: "INFO", handlers: ["worker", "all"] },
    });
    for (const name of ["z", "z.worker", "z.worker.one", "z.workers", "y"]) getLogger(name).info("x");
    expect(lines(worker)).toEqual(["z.worker", "z.worker.one"]);
    expect(lines(all)).toEqual(["z.worker", "z.worker.one", "z.workers", "y"]);
  });

  test("encoding, mode and delay of files", async () => {
    const folder = tempFolder();
    const [latin, late, never] = [join(folder, "latin"), join(folder, "late"), join(folder, "never")];
    const config: LoggingConfig = {
      formatters: { bare: { format: "%(message)s" } },
      handlers: {
        latin: { class: "file", filename: latin, encoding: "ISO_8859-1", mode: "x", formatter: "bare" },
        late: { class: "file", filename: late, delay: true, formatter: "bare" },
        never: { class: "file", filename: never, delay: true, level: "CRITICAL" },
        none: { class: "logging.NullHandler" },
      },
      root: { level: "INFO", handlers: ["latin", "late", "never", "none"] },
    };
    configureLogging(config);
    expect(existsSync(late)).toBe(false);
    getLogger("x").info("é");
    expect(readFileSync(latin)).toEqual(Buffer.from([0xe9, 0x0a]));
    expect(lines(late)).toEqual(["é"]);
    expect(existsSync(never)).toBe(false);
    await reset();
    expect(() => configureLogging(config)).toThrow(/EEXIST/);
  });

  test.each<[string, unknown]>([
    ["", {}],
    ["no loggers", { handlers: { h: { class: "console" } } }],
    ["no handlers", { loggers: { a: { level: "INFO" } } }],
    ["only a root", { root: { level: "INFO" } }],
  ])("what is missing is empty: %s", (_, config) => {
    expect(() => configureLogging(config as LoggingConfig)).not.toThrow();
  });

  test.each<[unknown, RegExp]>([
    [undefined, /The logging configuration must be an object/],
    [[], /must be an object/],
    [{ version: 2 }, /version of the logging configuration must be 1, not 2/],
    [{ disable_existing_loggers: true }, /disable_existing_loggers must be false/],
    [{ incremental: true }, /incremental must be false/],
    [{ logger: {} }, /unknown member "logger"; known are version/],
    [{ formatters: { f: { "()": "my.Formatter" } } }, /formatter "f" has a factory/],
    [{ formatters: { f: { fmt: "x" } } }, /formatter "f" has an unknown member "fmt"/],
    [{ formatters: { f: { style: "?" } } }, /Unknown style "\?" in formatter "f"/],
    [{ formatters: { f: { defaults: {} } } }, /unknown member "defaults"/],
    [{ formatters: { f: null } }, /formatter "f" must be an object/],
    [{ filters: { f: { "()": "my.Filter" } } }, /filter "f" has a factory/],
    [{ handlers: { h: { class: "logging.handlers.RotatingFileHandler" } } }, /must be console or file/],
    [{ handlers: { h: { "()": "x" } } }, /handler "h" has a factory/],
    [{ handlers: { h: { class: "console", filename: "x" } } }, /unknown member "filename"/],
    [
      { handlers: { h: { class: "console", stream: "ext://sys.stdin" } } },
      /Unknown stream "ext:\/\/sys.stdin"/,
    ],
    [{ handlers: { h: { class: "console", filters: ["f"] } } }, /Unknown filter "f" in handler "h"/],
    [{ handlers: { h: { class: "console", level: -1 } } }, /level of handler "h" must be a name/],
    [{ handlers: { h: { class: "file", filename: "x", encoding: "ebcdic" } } }, /Unknown encoding "ebcdic"/],
    [{ handlers: { h: { class: "file", filename: "x", mode: "r" } } }, /Unknown mode "r"/],
    [{ loggers: { a: { handlers: "h" } } }, /handlers of logger "a" must be a list of names/],
    [{ loggers: { a: { propagate: "yes" } } }, /propagate of logger "a" must be true or false/],
    [{ loggers: { a: { level: true } } }, /level of logger "a" must be a name/],
    [{ root: { propagate: false } }, /root has an unknown member "propagate"/],
  ])("the rest is refused by name: %j", (config, text) => {
    expect(() => configureLogging(config as LoggingConfig)).toThrow(TypeError);
    expect(() => configureLogging(config as LoggingConfig)).toThrow(text);
  });
});
