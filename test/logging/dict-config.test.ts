import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
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

const grouped = (mark: string) => String(process.pid).replace(/(?=(\d{3})+$)(?!^)/g, mark);

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
    ["%(message)r %(message)a", "'hello' 'hello'"],
    [
      "%(levelno)g|%(created).3g|%(levelno)08.3f|%(levelno)+.1e|%(levelno)G",
      `30|${created.toExponential(2).replace(/e\+(\d)$/, "e+0$1")}|0030.000|+3.0e+01|30`,
    ],
    ["", "hello"],
    ["%(asctime)s", "2026-02-03 14:05:06,007"],
    ["%(threadName)s %(name)s %(module)s", `${show("%(threadName)s")} zmqpipeline.task task`],
  ])("%s", (format, line) => {
    expect(show(format)).toBe(line);
  });

  test.each<[string, string, string]>([
    [
      "{",
      "{levelname:<9}|{message:^9}|{levelno:05d}|{{{message!r:>8}}}",
      `WARNING  |  hello  |00030|{ 'hello'}`,
    ],
    ["{", "{message:*>7.3}|{levelno:+.1f}", "****hel|+30.0"],
    [
      "{",
      "{levelno:5}|{levelno: }|{levelno:^6}|{levelno:#b}|{levelno:%}",
      "   30| 30|  30  |0b11110|3000.000000%",
    ],
    ["{", "{message!r:.>9}|{name!s:_^20}", "..'hello'|__zmqpipeline.task__"],
    ["{", "{process:,}|{process:_}", `${grouped(",")}|${grouped("_")}`],
    ["{", "", "hello"],
    ["$", "$levelname: $" + "{message} $$5", "WARNING: hello $5"],
  ])("style %s: %s", (style, format, line) => {
    expect(show(format, undefined, style)).toBe(line);
  });

  test("texts with marks, ends of lines and other alphabets are quoted as Python quotes them", () => {
    const quoted = (message: string, type: string) =>
      compileFormat(`%(message)${type}`)({ ...RECORD, message: [message] }).slice(0, -1);
    expect(quoted("it's", "r")).toBe(`"it's"`);
    expect(quoted(`it's "so"`, "r")).toBe(`'it\\'s "so"'`);
    expect(quoted("a\nb\t\\\u0001é", "r")).toBe(String.raw`'a\nb\t\\\x01é'`);
    expect(quoted("é☃😀", "a")).toBe(String.raw`'\xe9\u2603\U0001f600'`);
  });

  test("datefmt has glibc's flags, weeks and names of zones", () => {
    expect(show("%(asctime)s", "%-d|%_d|%-m|%^b|%k|%l|%P|%h|%C|%r")).toBe(
      "3| 3|2|FEB|14| 2|pm|Feb|20|02:05:06 PM",
    );
    const weeks = (year: number, month: number, day: number) => {
      const timestamp = new Date(year, month - 1, day).getTime();
      return compileFormat("%(asctime)s", "%U %W %V %G %g")({ ...RECORD, timestamp }).trimEnd();
    };
    expect(weeks(2026, 1, 1)).toBe("00 00 01 2026 26");
    expect(weeks(2027, 1, 1)).toBe("00 00 53 2026 26");
    expect(weeks(2024, 12, 30)).toBe("52 53 01 2025 25");
    expect(show("%(asctime)s", "%Z")).toMatch(/^([A-Z]+|[+-]\d\d(\d\d)?)$/);
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
    [["plain"], /has no field such as %\(message\)s/],
    [["%(message)s", undefined, "{"], /has no field such as {message}/],
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

  test("null for None, 0 and 1 for propagate, the root by its name, a handler twice, and ends of lines", () => {
    const folder = tempFolder();
    const [root, own] = [join(folder, "root"), join(folder, "own")];
    configureLogging({
      formatters: { bare: { format: null, datefmt: null } },
      handlers: {
        root: {
          class: "file",
          filename: root,
          formatter: "bare",
          level: null,
          filters: null,
          encoding: null,
          errors: null,
        },
        own: { class: "logging.FileHandler", filename: own, formatter: null, ".": { terminator: "|" } },
      },
      loggers: {
        root: { handlers: ["root", "root"], level: "INFO" },
        a: { handlers: ["own"], propagate: 0, level: null, filters: null },
        b: { handlers: null, propagate: 1 },
      },
      root: null,
    });
    for (const name of ["a", "a.x", "b", "c"]) getLogger(name).info(name);
    expect(readFileSync(own, "utf8")).toBe("a|a.x|");
    expect(lines(root)).toEqual(["b", "c"]);
  });

  test.each<[string, string | undefined, number[] | string]>([
    ["latin-1", undefined, "é \\u2603 \\U0001f600\n"],
    ["latin-1", "replace", "é ? ?\n"],
    ["latin-1", "ignore", "é  \n"],
    ["latin-1", "xmlcharrefreplace", "é &#9731; &#128512;\n"],
    ["ascii", "strict", "\\xe9 \\u2603 \\U0001f600\n"],
  ])("characters that an encoding lacks, in %s with errors %s", (encoding, errors, text) => {
    const filename = join(tempFolder(), "log");
    const file = {
      class: "logging.FileHandler",
      filename,
      encoding,
      ...(errors === undefined ? {} : { errors }),
    };
    configureLogging({ handlers: { file }, root: { level: "INFO", handlers: ["file"] } });
    getLogger("x").info("é ☃ 😀");
    expect(readFileSync(filename, "latin1")).toBe(text);
  });

  test("the encodings utf-8-sig, utf-16 and cp1252; the mark stands once", async () => {
    const folder = tempFolder();
    const encodings = ["utf-8-sig", "utf_16", "utf-16-be", "cp1252"];
    for (let time = 0; time < 2; time += 1) {
      const handlers = Object.fromEntries(
        encodings.map((encoding) => [
          encoding,
          { class: "logging.FileHandler", filename: join(folder, encoding), encoding },
        ]),
      );
      configureLogging({ handlers, root: { level: "INFO", handlers: encodings } });
      getLogger("x").info("€é");
    }
    await reset();
    const hex = (encoding: string) => readFileSync(join(folder, encoding)).toString("hex");
    expect(hex("utf-8-sig")).toBe(`efbbbf${"e282acc3a90a".repeat(2)}`);
    expect(hex("utf_16")).toBe(`fffe${"ac20e9000a00".repeat(2)}`);
    expect(hex("utf-16-be")).toBe("20ac00e9000a".repeat(2));
    expect(hex("cp1252")).toBe("80e90a".repeat(2));
  });

  test.each(["w", "x"])(
    "a file with the mode %s is begun once, and its threads go on with it",
    async (mode) => {
      const filename = join(tempFolder(), "log");
      const configure = `configureLogging({
      formatters: { f: { format: "%(threadName)s %(message)s" } },
      handlers: { file: { class: "file", filename: ${JSON.stringify(filename)}, mode: ${JSON.stringify(mode)}, formatter: "f" } },
      root: { level: "INFO", handlers: ["file"] },
    });`;
      const program = join(tempFolder(), "program.mjs");
      writeFileSync(
        program,
        `import { isMainThread, Worker } from "node:worker_threads";
       import { configureLogging, getLogger } from ${JSON.stringify(import.meta.resolve("zmqpipeline"))};
       ${configure}
       getLogger("x").info("hello");
       if (isMainThread) {
         for (let i = 0; i < 2; i++) await new Promise((ended) => new Worker(new URL(import.meta.url)).on("exit", ended));
         getLogger("x").info("goodbye");
       }`,
      );
      const { status, stderr } = spawnSync(process.execPath, [program], {
        encoding: "utf8",
        timeout: 30_000,
      });
      expect(stderr).toBe("");
      expect(status).toBe(0);
      expect(lines(filename)).toEqual([
        "MainThread hello",
        "Thread-1 hello",
        "Thread-2 hello",
        "MainThread goodbye",
      ]);
    },
  );

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
    [
      { handlers: { h: { class: "file", filename: "cfg://x" } } },
      /handlers.h.filename is "cfg:.*references are not followed/,
    ],
    [{ formatters: { f: { format: "ext://x" } } }, /formatters.f.format is "ext:/],
    [
      { handlers: { h: { class: "file", filename: "x", errors: "namereplace" } } },
      /Unknown errors "namereplace"/,
    ],
    [
      { handlers: { h: { class: "console", ".": { foo: 1 } } } },
      /"." of handler "h" has an unknown member "foo"/,
    ],
    [{ handlers: { h: { class: null } } }, /must be console or file/],
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
