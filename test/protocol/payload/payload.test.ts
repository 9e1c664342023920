import fc from "fast-check";
import { Packr, pack } from "msgpackr";
import { describe, expect, test } from "vitest";
import { MAX_PAYLOAD_BYTES } from "../../../src/protocol/limits.ts";
import {
  decodePayload,
  decodeValue,
  encodePayload,
  encodeValue,
} from "../../../src/protocol/payload/payload.ts";
import { ProtocolError } from "../../../src/protocol/wire/byte-reader.ts";
import { long } from "../../support/long.ts";

const roundTrip = (value: object) => decodePayload(encodePayload(value, "data"));

/** Every kind of value that is usual. `values.test.ts` has all the others. */
const leaf = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 2047n), max: 2n ** 2047n - 1n }),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.float64Array(),
  fc.int16Array(),
  fc.constant(null),
  fc.constant(undefined),
);
const { payload } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, tie("array"), tie("payload")),
  array: fc.array(tie("value")),
  payload: fc.dictionary(
    fc.string().filter((key) => key !== "__proto__"),
    tie("value"),
  ),
}));

describe("A payload arrives whole:", () => {
  test("an object of very many keys, or PAYLOAD_TOO_LARGE says that it has too many", () => {
    const wide = (keys: number) =>
      Object.fromEntries(Array.from({ length: keys }, (_, n) => [`k${n}`, n] as const));
    expect(decodePayload(encodePayload({ wide: wide(30_000) }, "data"))).toEqual({ wide: wide(30_000) });
    // More keys than the fast encoder can count.
    expect(() => encodePayload({ wide: wide(70_000) }, "data")).toThrow(/Payload data has too many parts/);
  });

  test("any value", () => {
    fc.assert(
      fc.property(payload, (value) => {
        expect(roundTrip(value as object)).toEqual(value);
      }),
    );
  });

  test("the kinds that plain JSON loses, by their types", () => {
    const value = {
      date: new Date(1_700_000_000_123),
      buffer: Buffer.from([1, 2, 3]),
      bytes: Uint8Array.of(4, 5),
      floats: Float64Array.of(1.5, 2.5),
      big: 2n ** 100n,
      small: 5n,
      missing: undefined,
      nothing: null,
      nan: Number.NaN,
      infinite: Number.NEGATIVE_INFINITY,
      large: 2 ** 52,
    };
    const back = roundTrip(value);
    expect(back).toEqual(value);
    expect(back.date).toBeInstanceOf(Date);
    expect(Buffer.isBuffer(back.buffer)).toBe(true);
    expect(back.floats).toBeInstanceOf(Float64Array);
    expect("missing" in back).toBe(true);
    expect(typeof back.small).toBe("bigint");
  });

  test.each(
    [2n ** 31n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n].flatMap((n) => [n, -n]),
  )("the bigint %s, alone and as a part, and the same as a number", (big) => {
    expect(roundTrip({ big, list: [big] })).toEqual({ big, list: [big] });
    expect(decodeValue(encodeValue(big, "item"))).toBe(big);
    expect(decodeValue(encodeValue(Number(big), "item"))).toBe(Number(big));
  });

  test("an empty object as no bytes, and undefined as an empty object", () => {
    expect(encodePayload({}, "data").length).toBe(0);
    expect(encodePayload(undefined, "data").length).toBe(0);
    expect(roundTrip({})).toEqual({});
  });

  test("a small binary value without keeping the batch in memory", () => {
    const back = roundTrip({ hash: Buffer.alloc(16), padding: "x".repeat(10_000) });
    expect((back.hash as Buffer).buffer.byteLength).toBeLessThan(9000);
  });
});

describe("A value that cannot be sent is refused with its path:", () => {
  class Point {
    x = 1;
  }
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  test.each([
    [{ f: () => 1 }, "Value at data.f is a function"],
    [{ a: [{ "b c": Symbol("s") }] }, 'Value at data.a[0]["b c"] is a symbol'],
    [{ m: new Map() }, "Value at data.m is a Map"],
    [{ s: new Set() }, "Value at data.s is a Set"],
    [{ r: /x/ }, "Value at data.r is a RegExp"],
    [{ e: new Error("x") }, "Value at data.e is a Error"],
    [{ p: new Point() }, "Value at data.p is a Point"],
    [{ p: Promise.resolve() }, "Value at data.p is a Promise"],
    [{ b: 2n ** 5000n }, "Value at data.b is a bigint of more than 2048 bits"],
    [JSON.parse('{"a":{"__proto__":1}}'), "Value at data.a is a key named __proto__"],
    [cyclic, "is nested deeper than 100 levels, or refers to itself"],
  ])("%#", (value, message) => {
    expect(() => encodePayload(value as object, "data")).toThrow(TypeError);
    expect(() => encodePayload(value as object, "data")).toThrow(message);
  });

  test.each([[[1]], [5], ["x"], [new Map()], [new Date()]])("%s, which is no payload", (value) => {
    expect(() => encodePayload(value as never, "data")).toThrow(
      /Expected a plain object or nothing as data, got/,
    );
  });

  test.each([
    [new Map(), "Value at item is a Map"],
    [() => 1, "Value at item is a function"],
    [Symbol("s"), "Value at item is a symbol"],
    [2n ** 5000n, "Value at item is a bigint of more than 2048 bits"],
    [Promise.resolve(1), "Value at item is a Promise"],
    [new String("boxed"), "Value at item is a String"],
  ])("%#, which is no value that can be sent", (value, message) => {
    expect(() => encodeValue(value, "item")).toThrow(TypeError);
    expect(() => encodeValue(value, "item")).toThrow(message);
  });

  test("a value that is larger than a message may be", () => {
    expect(() => encodePayload({ x: Buffer.alloc(MAX_PAYLOAD_BYTES) }, "data")).toThrow(
      expect.objectContaining({
        code: "PAYLOAD_TOO_LARGE",
        message: expect.stringContaining("the path of a file"),
      }),
    );
  });
});

describe("The payload decoder refuses hostile bytes:", () => {
  const full = new Packr({ useRecords: true, moreTypes: true });
  const foreign = new Packr({ useRecords: false, moreTypes: true });
  const nested = Buffer.concat([Buffer.alloc(5000, 0x91), Buffer.of(0xc0)]);
  test.each([
    ["records, whose decoder compiles code", full.pack({ secret: 1, other: 2 }), "extension"],
    ["a RegExp", foreign.pack({ a: /(a+)+$/ }), "extension"],
    ["an Error", foreign.pack({ a: new Error("secret") }), "extension"],
    ["a Set", foreign.pack({ a: new Set([1]) }), "extension"],
    ["an unknown extension", Buffer.of(0x81, 0xa1, 0x61, 0xd4, 0x55, 0), "extension"],
    ["a string that claims 4 GB", Buffer.of(0x81, 0xa1, 0x61, 0xdb, 0xff, 0xff, 0xff, 0xff), "cut off"],
    ["an array that claims 4 billion entries", Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff), "cut off"],
    ["a map that claims 4 billion entries", Buffer.of(0xdf, 0xff, 0xff, 0xff, 0xff), "cut off"],
    ["deep nesting", nested, "deep"],
    ["trailing bytes", Buffer.concat([pack({ a: 1 }), Buffer.of(0)]), "trailing"],
    [
      "a __proto__ key",
      Buffer.concat([Buffer.of(0x81, 0xa9), Buffer.from("__proto__"), Buffer.of(0x80)]),
      "__proto__",
    ],
    [
      "a __proto__ key of another encoding",
      Buffer.concat([Buffer.of(0x81, 0xd9, 9), Buffer.from("__proto__"), Buffer.of(0x80)]),
      "__proto__",
    ],
    ["a key that is no string", Buffer.of(0x81, 0x01, 0x02), "key"],
    ["a typed array of a broken length", Buffer.of(0x81, 0xa1, 0x61, 0xc7, 4, 0x74, 8, 0, 0, 0), "extension"],
    ["a code that is never used", Buffer.of(0xc1), "code"],
    ["something that is no object", Buffer.of(0x93, 1, 2, 3), "not an object"],
  ])("%s", (_what, bytes, why) => {
    expect(() => decodePayload(bytes)).toThrow(ProtocolError);
    expect(() => decodePayload(bytes)).toThrow(why);
  });

  test("any bytes are refused or decoded, and never quoted", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodePayload(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          expect((error as Error).message).toMatch(/^Payload [a-zA-Z_ ]+$/);
        }
      }),
      { numRuns: 5000 },
    );
  });

  long("a payload with any damage is refused or decoded", () => {
    fc.assert(
      fc.property(payload, fc.nat(), fc.nat(255), (value, at, byte) => {
        const bytes = Buffer.from(encodePayload(value as object, "data"));
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        try {
          decodePayload(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 700 },
    );
  });
});
