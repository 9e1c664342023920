import type { LogRecord, Sink, TextFormatter } from "@logtape/logtape";
import { assertKnown, assertTable, assertText, pick } from "./config-checks.ts";
import { LogFile, MODES } from "./log-file.ts";
import type { HandlerConfig } from "./logging-config.ts";
import { ENCODING_ERRORS, ENCODINGS, type LogEncoding } from "./text-encoder.ts";

/** Opens a destination that was checked. */
export type SinkOpener = (format: TextFormatter) => Sink;

const COMMON = ["class", "level", "formatter", "filters", "."];

const STREAMS: Readonly<Record<string, "stdout" | "stderr">> = {
  stdout: "stdout",
  stderr: "stderr",
  "ext://sys.stdout": "stdout",
  "ext://sys.stderr": "stderr",
};

const CLASSES: Readonly<Record<string, (handler: HandlerConfig, where: string) => SinkOpener>> = {
  console: consoleHandler,
  file: fileHandler,
  null: nullHandler,
  "logging.StreamHandler": consoleHandler,
  "logging.FileHandler": fileHandler,
  "logging.NullHandler": nullHandler,
};

/** Checks a handler's own members. @returns A function that opens its destination. */
export function checkedHandler(handler: HandlerConfig, where: string): SinkOpener {
  if (Object.hasOwn(handler, "()"))
    throw new TypeError(`${where} has a factory "()", which is not supported: give it a class`);
  const make = Object.hasOwn(CLASSES, handler.class) ? CLASSES[handler.class] : undefined;
  if (make === undefined) {
    throw new TypeError(
      `Class ${JSON.stringify(handler.class)} of ${where} must be console or file, or one of ${Object.keys(CLASSES).slice(2).join(", ")}; LogTape's own configure() takes other sinks`,
    );
  }
  return make(handler, where);
}

function consoleHandler(handler: HandlerConfig, where: string): SinkOpener {
  assertKnown(handler, [...COMMON, "stream"], where);
  const { stream: name = "stderr" } = handler;
  assertText(name, `stream of ${where}`);
  const stream = pick(STREAMS, name ?? "stderr", "stream", where);
  return (format) => (record) => {
    process[stream].write(format(record));
  };
}

function nullHandler(handler: HandlerConfig, where: string): SinkOpener {
  assertKnown(handler, COMMON, where);
  return () => () => {};
}

function fileHandler(handler: HandlerConfig, where: string): SinkOpener {
  assertKnown(handler, [...COMMON, "filename", "mode", "encoding", "errors", "delay"], where);
  const { filename, mode = "a", delay = false } = handler;
  if (typeof filename !== "string" || filename === "") throw new TypeError(`${where} must have a filename`);
  if (typeof delay !== "boolean") throw new TypeError(`delay of ${where} must be true or false`);
  assertText(mode, `mode of ${where}`);
  pick(MODES, mode, "mode", where);
  const encoding = encodingOf(handler, where);
  return (format) => {
    const open = () => new LogFile(filename, mode, encoding);
    let file = delay ? undefined : open();
    const write = (record: LogRecord) => {
      file ??= open();
      file.write(format(record));
    };
    return Object.assign(write, { [Symbol.dispose]: () => file?.close() });
  };
}

function encodingOf(handler: HandlerConfig, where: string): LogEncoding {
  const encoding = handler.encoding ?? "utf-8";
  const errors = handler.errors ?? "strict";
  assertText(encoding, `encoding of ${where}`);
  assertText(errors, `errors of ${where}`);
  const make = pick(ENCODINGS, encoding.toLowerCase().replaceAll("_", "-"), "encoding", where);
  return make(pick(ENCODING_ERRORS, errors, "errors", where));
}

/** The end of each line: Python sets attributes of a handler with the member `"."`, of which only this one is known. */
export function terminatorOf(handler: HandlerConfig, where: string): string {
  const attributes = handler["."] ?? {};
  assertTable(attributes, `"." of ${where}`);
  assertKnown(attributes, ["terminator"], `"." of ${where}`);
  assertText(attributes.terminator, `terminator of ${where}`);
  return attributes.terminator ?? "\n";
}
