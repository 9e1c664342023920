import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { ErrorInfo } from "../../src/protocol/batch-message.ts";
import { decodeErrorDetail, encodeErrorDetail } from "../../src/protocol/error-detail.ts";
import { fromThrownError, toErrorInfo, toThrownError } from "../../src/protocol/error-info.ts";
import { MAX_ERROR_DETAIL_BYTES, MAX_ERROR_TEXT } from "../../src/protocol/limits.ts";
import { encodePayload } from "../../src/protocol/payload/payload.ts";
import { reviveError } from "../../src/protocol/revive-error.ts";
import { RemoteError } from "../../src/role/remote-error.ts";
import { detailed, plainObject, THROWN } from "../fixtures/thrown-values.mjs";

const caught = (action: () => void): unknown => {
  try {
    action();
  } catch (thrown) {
    return thrown;
  }
  throw new Error("nothing was thrown");
};
const remote = (thrown: unknown) => new RemoteError("ITEM_FAILED", toErrorInfo(thrown), { index: 3 });
const bytesOf = ({ name, message, stack, code, detail }: ErrorInfo) =>
  Buffer.byteLength(name + message + stack + code) + (detail?.length ?? 0);

describe("An error that crosses the wire:", () => {
  test("An error keeps its causes, its errors and its own properties", () => {
    const error = remote(caught(detailed));
    expect(error).toMatchObject({ name: "AggregateError", message: "all failed", code: "ITEM_FAILED" });
    expect(error).toMatchObject({ remoteCode: "EALL", status: 503, response: { status: 503, ok: false } });
    expect(error.cause).toEqual({ code: 5 });
    const [first, second] = error.errors as [Error, unknown];
    expect(second).toBe("text");
    expect(first).toBeInstanceOf(Error);
    expect(first.cause).toBeInstanceOf(Error);
    expect(first.cause).toMatchObject({ name: "TypeError", message: "no route", code: "ENOROUTE", port: 7 });
    expect((first.cause as Error).stack).toContain("thrown-values");
  });

  test("A property of an error never replaces a fact of the library", () => {
    const error = remote(caught(detailed));
    expect(error.index).toBe(3);
    expect(error.attempts).toBeUndefined();
    expect(error.remoteProperties).toMatchObject({ index: 99, attempts: "many", status: 503 });
    expect(error.remoteProperties.headers).toEqual({ "retry-after": "1" });
  });

  test("A printed error shows its chain once", () => {
    const text = inspect(remote(new Error("outer", { cause: new Error("inner") })));
    expect(text.split("outer").length).toBe(2);
    expect(text.split("inner").length).toBe(2);
  });

  test("A thrown object keeps its name, code and properties", () => {
    const error = remote(caught(plainObject));
    expect(error).toMatchObject({ remoteCode: "E_DISK", detail: { path: "/data", bytes: [1, 2] } });
    expect(error.message).toContain("E_DISK");
    class Refusal {
      status = 404;
    }
    expect(remote(new Refusal())).toMatchObject({ name: "Refusal", status: 404 });
    expect(remote({ name: "Odd", message: "m", code: 11000 })).toMatchObject({
      name: "Odd",
      remoteCode: "11000",
    });
  });

  test("A failure's error is plain data with the same facts, and can be made an error again", () => {
    const error = toThrownError(toErrorInfo(caught(detailed)));
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      name: "AggregateError",
      code: "EALL",
      status: 503,
      cause: { code: 5 },
      errors: [{ message: "cannot connect", cause: { name: "TypeError", code: "ENOROUTE" } }, "text"],
    });
    expect(reviveError(fromThrownError(error)).cause).toEqual({ code: 5 });
    expect(fromThrownError({ name: "n", message: "m", stack: "", code: "", status: 1 })).toEqual({
      name: "n",
      message: "m",
      stack: "",
      code: "",
    });
  });

  test("A chain of causes and a cycle end", () => {
    let error = new Error("0");
    for (let depth = 1; depth < 100; depth += 1) error = new Error(`${depth}`, { cause: error });
    let depth = 0;
    for (let at: unknown = remote(error); at instanceof Error; at = at.cause) depth += 1;
    expect(depth).toBeGreaterThan(5);
    expect(depth).toBeLessThan(20);
    const self = Object.assign(new Error("self"), { own: {} });
    self.cause = self;
    self.own = self;
    expect(remote(self)).toMatchObject({ cause: "[circular: Error: self]", own: "[circular]" });
  });

  test("The parts that are left out for their size are counted", () => {
    const list = Array.from({ length: 100 }, (_, n) => n);
    const error = remote(Object.assign(new AggregateError(list, "many"), { list }));
    expect((error.remoteProperties.list as unknown[]).at(-1)).toBe("… 68 more");
    expect(error.errors?.at(-1)).toBe("… 68 more");
  });
});

describe("Any thrown value:", () => {
  test.each(Object.entries(THROWN))("%s is described, in bounded size, and never throws", (_name, make) => {
    const info = toErrorInfo(make());
    expect(info.message.length).toBeLessThanOrEqual(MAX_ERROR_TEXT);
    expect(bytesOf(info)).toBeLessThan(3 * MAX_ERROR_TEXT + MAX_ERROR_DETAIL_BYTES);
    expect(inspect(remote(make())).length).toBeGreaterThan(5);
    expect(inspect(toThrownError(info))).not.toContain("[object Object]");
  });

  test("A huge error still has its properties and its cause", () => {
    const error = remote(THROWN["a huge error"]?.());
    expect(error.remoteProperties.list).toBeInstanceOf(Array);
    expect(error.cause).toBeInstanceOf(AggregateError);
  });
});

test("A detail that the library did not write is read as far as it makes sense", () => {
  const read = (detail: object) => decodeErrorDetail(encodePayload(detail, "detail"));
  expect(read({ cause: 5, errors: "x", properties: [1] })).toEqual({});
  expect(read({ cause: { error: { name: 1, cause: { value: 2 } } } })).toEqual({
    cause: { error: { name: "", message: "", stack: "", code: "", cause: { value: 2 } } },
  });
  expect(decodeErrorDetail(Buffer.of(0xc1))).toEqual({});
  let nested: object = {};
  for (let depth = 0; depth < 40; depth += 1) nested = { cause: { error: nested } };
  expect(JSON.stringify(read(nested)).split("cause").length).toBeLessThan(12);
  expect(encodeErrorDetail(new Error("plain"))).toBeUndefined();
});
