import { isDeepStrictEqual } from "node:util";
import vm from "node:vm";
import fc from "fast-check";
import { pack } from "msgpackr";
import { describe, expect, test } from "vitest";
import { decodeOwnValue, decodePayload, encodePayload } from "../../src/protocol/payload/payload.ts";
import { ProtocolError } from "../../src/protocol/wire/byte-reader.ts";
import { long } from "../support/long.ts";

/** Node takes no two invalid dates for the same. */
const same = (one: unknown, other: unknown) =>
  isDeepStrictEqual(one, other) || fc.stringify(one) === fc.stringify(other);

const sent = (value: unknown) => decodePayload(encodePayload({ value }, "item")).value;

/** Text in UTF-16: lone surrogates among the rest. */
const text = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});

/** Objects with keys that mean something to somebody. */
const odd = fc.constantFrom(
  { constructor: 1 },
  { constructor: "x", toJSON: 5 },
  { hasOwnProperty: 1, toString: 2, valueOf: 3 },
  // biome-ignore lint/suspicious/noThenProperty: an object that looks like a promise is what is tested
  { then: 1, length: -0, "": 0, "\ud800": 1 },
  { 2: "b", 1: "a", x: 1, "-1": 2, "01": 3 },
  Object.assign(Object.create(null), { a: 1 }),
  JSON.parse('{"__proto__": 1}'),
  Object.defineProperty({}, "hidden", { value: 1 }),
  Object.freeze({ a: Object.freeze([-0]) }),
  { [Symbol("s")]: 1 },
  "abc".match(/b/),
  Object.assign([1, 2], { extra: 1 }),
  Object.assign(new Array(200).fill(1), { extra: 1 }),
  Object.assign(new Date(5), { extra: 1 }),
  Object.assign(Buffer.from("x"), { extra: 1 }),
  // biome-ignore lint/suspicious/noSparseArray: a sparse array is what is tested
  [, 1, , undefined, ,],
  new Array(5),
  new (class Sub extends Array {})(),
  new (class Sub extends Uint8Array {})(3),
  new (class Sub extends Date {})(),
  new (class Point {
    x = 1;
  })(),
  Object.create({ inherited: 1 }),
  Object.create(Object.assign(Object.create(null), { inherited: 1 })),
  Object.create(Date.prototype),
  new ArrayBuffer(3),
  new SharedArrayBuffer(3),
  new DataView(new ArrayBuffer(3)),
  new BigInt64Array([1n, -1n]),
  new Uint8ClampedArray([1, 300]),
  Uint8Array.from([1, 2, 3]).subarray(1),
  new Date(Number.NaN),
  new Date(-1),
  new Date(8.64e15),
  2n ** 64n,
  -(2n ** 63n) - 1n,
  2n ** 3000n,
  new String("x"),
  new Number(-0),
  Object(Symbol("s")),
  Object(5n),
  new Map([[1, 2]]),
  new Set([1]),
  new WeakMap(),
  /x/g,
  new URL("http://localhost/"),
  new Error("e"),
  () => 1,
  Symbol("s"),
  new Proxy({ a: [-0] }, {}),
  globalThis,
  "x".repeat(2 ** 20),
  `${"é".repeat(2 ** 18)}\udc00`,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  -(2 ** 31) - 1,
  5e-324,
);

const anything = fc.anything({
  maxDepth: 4,
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  key: text,
  values: [fc.anything(), text, fc.double(), odd, fc.constant(-0), fc.date({ noInvalidDate: false })],
});

/** Refused by its path; nothing otherwise. */
function refusal(send: () => unknown): string | undefined {
  try {
    send();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
}

describe("A JavaScript value arrives as it was, or is refused with its path:", () => {
  test("any value", () => {
    fc.assert(
      fc.property(anything, (value) => {
        let back: unknown;
        const refused = refusal(() => {
          back = sent(value);
        });
        if (refused === undefined) expect(same(back, value)).toBe(true);
        else expect(refused).toMatch(/^Value at item\.value/);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["hi \ud83d"],
    ["\ude00 alone"],
    [{ "\ud83d": 1, ok: 2 }],
    [-0],
    [[-0, { z: -0 }]],
    // biome-ignore lint/suspicious/noSparseArray: a sparse array is what is tested
    [[1, , 3]],
    [Object.assign(Object.create(null), { a: { b: -0 } })],
    [{ constructor: "x", toJSON: 5, hasOwnProperty: false }],
  ])("%j arrives as it was", (value) => {
    const back = sent(value);
    expect(same(back, value)).toBe(true);
    expect(Object.is(back, -0)).toBe(Object.is(value, -0));
    const own = new Uint8Array(encodePayload({ value, bytes: new Uint8Array(40_000) }, "item"));
    expect(same((decodeOwnValue(own) as { value: unknown }).value, value)).toBe(true);
  });

  test("data of another realm arrive as data of this realm", () => {
    const there = vm.runInNewContext(
      "({ date: new Date(5), none: new Date(NaN), floats: Float64Array.of(1.5, -0), list: [1, [2]], buffer: new ArrayBuffer(2), big: 5n, sub: { a: 1 } })",
    );
    const back = sent(there) as Record<string, object>;
    expect(same(back.date, new Date(5))).toBe(true);
    expect(same(back.none, new Date(Number.NaN))).toBe(true);
    expect(same(back.floats, Float64Array.of(1.5, -0))).toBe(true);
    expect(same(back.list, [1, [2]])).toBe(true);
    expect(same(back.buffer, new ArrayBuffer(2))).toBe(true);
    expect(same(back.sub, { a: 1 })).toBe(true);
    expect(() => sent(vm.runInNewContext("class A extends Date {}; new A()"))).toThrow("is a A");
    expect(() => sent(vm.runInNewContext("new Map()"))).toThrow("item.value is a Map");
  });

  test("a value that throws when it is read is refused with its path, whatever it throws", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = new Proxy(
      {},
      new Proxy(
        {},
        {
          get: () => () => {
            throw undefined;
          },
        },
      ),
    );
    const getter = {
      get x() {
        throw Symbol("s");
      },
    };
    for (const value of [proxy, hostile])
      expect(() => sent({ a: [value] })).toThrow("Value at item.value.a[0] cannot be read");
    expect(() => sent({ a: [getter] })).toThrow("Value at item.value.a[0].x cannot be read: Symbol(s)");
    for (const value of [proxy, hostile]) expect(() => encodePayload(value, "item")).toThrow(TypeError);
  });

  test("a value of too many parts is refused before it fills the memory", () => {
    let twice: unknown[] = [];
    for (let level = 0; level < 60; level += 1) twice = [twice, twice];
    expect(() => sent(twice)).toThrow(expect.objectContaining({ code: "PAYLOAD_TOO_LARGE" }));
    const long: unknown[] = [];
    long[2 ** 31] = 1;
    expect(() => sent(long)).toThrow(expect.objectContaining({ code: "PAYLOAD_TOO_LARGE" }));
  });
});

describe("MessagePack with the extensions of exact values:", () => {
  const inMap = (...bytes: number[]) => Buffer.of(0x81, 0xa1, 0x61, ...bytes);
  const proto = [...Buffer.from("__proto__", "utf16le")];
  test.each([
    ["a hole that is no element", inMap(0xd4, 0x68, 0)],
    ["a hole in pairs", inMap(0xc7, 7, 0x6f, 0, 0x92, 0xa1, 0x62, 0xd4, 0x68, 0)],
    ["text of half a unit", inMap(0xc7, 3, 0x75, 0, 1, 2)],
    ["text for a key of a map", Buffer.of(0x81, 0xd5, 0x75, 0, 0xd8, 1)],
    ["unknown flags", inMap(0xd5, 0x6f, 2, 0x90)],
    ["a key without a value", inMap(0xc7, 4, 0x6f, 0, 0x91, 0xa1, 0x62)],
    ["a key that is no text", inMap(0xc7, 4, 0x6f, 0, 0x92, 1, 1)],
    ["pairs that are a map", inMap(0xd5, 0x6f, 0, 0x80)],
    ["pairs that are cut off", inMap(0xd5, 0x6f, 0, 0x92)],
    ["pairs with something behind", inMap(0xc7, 3, 0x6f, 0, 0x90, 0)],
    ["__proto__ in pairs", inMap(0xc7, 13, 0x6f, 0, 0x92, 0xa9, ...Buffer.from("__proto__"), 1)],
    ["__proto__ in UTF-16", inMap(0xc7, 3 + 21, 0x6f, 0, 0x92, 0xc7, 18, 0x75, ...proto, 1)],
    [
      "deep nesting in pairs",
      Buffer.concat(Array(200).fill(Buffer.of(0xc7, 255, 0x6f, 0, 0x92, 0xa1, 0x61))),
    ],
  ])("%s is refused", (_what, bytes) => {
    expect(() => decodePayload(bytes)).toThrow(ProtocolError);
  });

  long("every length of header that MessagePack has is read", () => {
    const units = Buffer.from("a\ud800", "utf16le");
    const size = Buffer.alloc(4);
    size.writeUInt32BE(4);
    for (const head of [[0xd6], [0xc7, 4], [0xc8, 0, 4], [0xc9, ...size]])
      expect(decodePayload(inMap(...head, 0x75, ...units))).toEqual({ a: "a\ud800" });
    const long = Array.from({ length: 70_000 }, (_, n) => (n % 2 === 0 ? -0 : n));
    expect(same(sent(long), long)).toBe(true);
    // A map with as many keys would take too long to decode.
    expect(decodePayload(Uint8Array.of(0xdf, 0, 0, 0, 1, 0xa1, 0x61, 7))).toEqual({ a: 7 });
    const wide = Object.fromEntries(long.slice(0, 25_000).map((value, key) => [`k${key}`, value]));
    expect(same(sent(wide), wide)).toBe(true);
    const bare = Object.assign(Object.create(null), wide);
    expect(same(sent(bare), bare)).toBe(true);
  });

  test("usual values stay plain MessagePack", () => {
    const value = { a: [1, "é", null, true, { b: 1.5 }], c: 0 };
    expect(Buffer.from(encodePayload(value, "item"))).toEqual(Buffer.from(pack(value)));
  });

  test("any damage is refused or decoded", () => {
    fc.assert(
      fc.property(anything, fc.nat(), fc.nat(255), (value, at, byte) => {
        let bytes: Buffer;
        try {
          bytes = Buffer.from(encodePayload({ value, zero: -0, text: "\ud800", list: new Array(2) }, "item"));
        } catch {
          return;
        }
        bytes[at % bytes.length] = byte;
        try {
          decodePayload(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
