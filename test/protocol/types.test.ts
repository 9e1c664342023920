import { expect, test } from "vitest";
import { ERROR_CODES, MessageType, PipelineError, TaskType } from "../../src/index.ts";
import { toErrorInfo } from "../../src/protocol/error-info.ts";

test("A TaskType has one instance per name, found by name", () => {
  const type = TaskType.register("C");
  expect(TaskType.register("C")).toBe(type);
  expect(new TaskType("C")).toBe(type);
  expect(String(type)).toBe("C");
  expect(() => TaskType.register("x".repeat(256))).toThrow(TypeError);
  expect(() => TaskType.register(5 as never)).toThrow(TypeError);
  expect(() => TaskType.register("a\u001b[2J\u202e")).toThrow(
    'Task type name "a\\u001b[2J\\u202e" must be a string of',
  );
});

test("Every MessageType keeps its name", () => {
  expect(Object.values(MessageType)).toEqual([
    "ACK",
    "OK",
    "FAIL",
    "RDY",
    "END",
    "DATA",
    "METADATA",
    "RTE",
    "",
    "UNK",
  ]);
});

test("A PipelineError has its code, cause and facts, and no others", () => {
  const cause = new Error("below");
  const error = new PipelineError("BIND_FAILED", "Endpoint cannot be bound", {
    endpoint: "tcp://x:1",
    cause,
  });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "PipelineError", code: "BIND_FAILED", endpoint: "tcp://x:1", cause });
  expect("taskType" in error).toBe(false);
  expect(Object.keys(ERROR_CODES)).toContain(error.code);
});

test("A description of any thrown value has a bounded length", () => {
  expect(toErrorInfo(new RangeError("r"))).toMatchObject({ name: "RangeError", message: "r" });
  expect(toErrorInfo("text")).toMatchObject({ name: "Error", message: "text" });
  expect(toErrorInfo(undefined)).toMatchObject({ message: "undefined" });
  expect(toErrorInfo({ message: "m", code: 7 })).toMatchObject({ message: "m", code: "7" });
  expect(toErrorInfo(new Error("x".repeat(100_000))).message.length).toBe(16 * 1024);
});
