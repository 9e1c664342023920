import { closeSync, openSync, writeSync } from "node:fs";
import type { LogRecord, Sink, TextFormatter } from "@logtape/logtape";
import { assertKnown, assertText, pick } from "./config-checks.ts";
import type { HandlerConfig } from "./logging-config.ts";

/** Opens a destination that was checked. */
export type SinkOpener = (format: TextFormatter) => Sink;

const COMMON = ["class", "level", "formatter", "filters"];

const STREAMS: Readonly<Record<string, "stdout" | "stderr">> = {
  stdout: "stdout",
  stderr: "stderr",
  "ext://sys.stdout": "stdout",
  "ext://sys.stderr": "stderr",
};

const MODES: Readonly<Record<string, string>> = { a: "a", w: "w", x: "wx" };

const ENCODINGS: Readonly<Record<string, BufferEncoding>> = {
  "utf-8": "utf8",
  utf8: "utf8",
  ascii: "ascii",
  "us-ascii": "ascii",
  "latin-1": "latin1",
  latin1: "latin1",
  "iso-8859-1": "latin1",
  "utf-16-le": "utf16le",
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
  assertText(handler.stream, `stream of ${where}`);
  const stream = pick(STREAMS, handler.stream ?? "stderr", "stream", where);
  return (format) => (record) => {
    process[stream].write(format(record));
  };
}

function nullHandler(handler: HandlerConfig, where: string): SinkOpener {
  assertKnown(handler, COMMON, where);
  return () => () => {};
}

function fileHandler(handler: HandlerConfig, where: string): SinkOpener {
  assertKnown(handler, [...COMMON, "filename", "mode", "encoding", "delay"], where);
  const { filename, mode = "a", encoding = "utf-8", delay = false } = handler;
  if (typeof filename !== "string" || filename === "") throw new TypeError(`${where} must have a filename`);
  if (typeof delay !== "boolean") throw new TypeError(`delay of ${where} must be true or false`);
  assertText(mode, `mode of ${where}`);
  assertText(encoding, `encoding of ${where}`);
  const flags = pick(MODES, mode, "mode", where);
  const bytes = pick(ENCODINGS, encoding.toLowerCase().replaceAll("_", "-"), "encoding", where);
  return (format) => {
    let file = delay ? undefined : openSync(filename, flags);
    const write = (record: LogRecord) => {
      file ??= openSync(filename, flags);
      writeSync(file, Buffer.from(format(record), bytes));
    };
    const close = () => {
      if (file !== undefined) closeSync(file);
    };
    return Object.assign(write, { [Symbol.dispose]: close });
  };
}
