import { describe, expect, test } from "vitest";
import { BYTES_PER_VALUE, MAX_VALUES, SHORT_TEXT_BYTES, VALUES } from "../../../src/protocol/bounds.ts";
import { MAX_PAYLOAD_BYTES } from "../../../src/protocol/limits.ts";
import { decodeValue, encodeValue } from "../../../src/protocol/payload/payload.ts";
import { BoundError } from "../../../src/protocol/wire/byte-reader.ts";
import { long } from "../../support/long.ts";

/** A list or a map of `count` entries, all of them encoded. */
function listOf(count: number, entries: Uint8Array, code = 0xdd): Buffer {
  const head = Buffer.of(code, 0, 0, 0, 0);
  head.writeUInt32BE(count, 1);
  return Buffer.concat([head, entries]);
}

/** A list of `count` times the same encoded value. */
const same = (count: number, bytes: readonly number[]) =>
  listOf(count, Buffer.alloc(count * bytes.length, Buffer.from(bytes)));

const each = (count: number, bytes: (index: number) => Uint8Array) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => bytes(index)));

const text = (value: string) =>
  Buffer.concat([Buffer.of(0xd9, Buffer.byteLength(value)), Buffer.from(value)]);
const key = (index: number) => text(`k${index}`.padEnd(6, "x"));
const float64 = [0xcb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a];
const keyBytes = Math.floor(8 / BYTES_PER_VALUE.key); // of a key of six characters, and its head

const ONE_TEXT = VALUES.text + Math.floor(100 / BYTES_PER_VALUE.shortText);
const LONG_TEXT =
  VALUES.text +
  SHORT_TEXT_BYTES / BYTES_PER_VALUE.shortText +
  Math.floor((1000 - SHORT_TEXT_BYTES) / BYTES_PER_VALUE.copied);

/** Kinds of payloads: what `count` of them make, what each counts as, and what the rest of the payload counts as. */
const KINDS: readonly (readonly [string, (count: number) => Buffer, number, number])[] = [
  ["small integers", (count) => same(count, [1]), 1, VALUES.list],
  ["floats", (count) => same(count, float64), 1, VALUES.list],
  [
    "integers of 64 bits",
    (count) => same(count, [0xcf, 255, 0, 0, 0, 0, 0, 0, 1]),
    VALUES.integer64,
    VALUES.list,
  ],
  ["empty lists", (count) => same(count, [0x90]), VALUES.list, VALUES.list],
  ["empty maps", (count) => same(count, [0x80]), VALUES.map, VALUES.list],
  ["texts", (count) => same(count, [...text("x".repeat(100))]), ONE_TEXT, VALUES.list],
  [
    "texts of 1,000 bytes",
    (count) => same(count, [0xda, 3, 232, ...new Array(1000).fill(0x61)]),
    LONG_TEXT,
    VALUES.list,
  ],
  [
    "texts with umlauts",
    (count) => same(count, [...text("ü".repeat(60))]),
    VALUES.text + Math.floor(120 / BYTES_PER_VALUE.text),
    VALUES.list,
  ],
  ["bins", (count) => same(count, [0xc4, 0]), VALUES.binary, VALUES.list],
  [
    "bins of 1,600 bytes",
    (count) => same(count, [0xc5, 6, 64, ...new Array(1600).fill(1)]),
    VALUES.binary + 1600 / BYTES_PER_VALUE.copied,
    VALUES.list,
  ],
  ["dates", (count) => same(count, [0xd6, 0xff, 0, 0, 0, 0]), VALUES.extension, VALUES.list],
  ["bigints", (count) => same(count, [0xd4, 0x42, 1]), VALUES.extension, VALUES.list],
  [
    "large bigints",
    (count) => same(count, [0xc7, 200, 0x42, ...new Array(200).fill(1)]),
    VALUES.extension + Math.floor(200 / BYTES_PER_VALUE.bigint),
    VALUES.list,
  ],
  ["holes", (count) => same(count, [0xd4, 0x68, 0]), 1 + VALUES.exact, VALUES.list + VALUES.exact],
  [
    "texts in UTF-16",
    (count) => same(count, [0xc7, 6, 0x75, 0, 0xd8, 0, 0xd8, 0, 0xd8]),
    VALUES.extension + VALUES.exact + VALUES.exactSlow,
    VALUES.list + VALUES.exact,
  ],
  [
    "maps with a key that they share",
    (count) => same(count, [0x81, ...key(0), 1]),
    VALUES.map + 1 + VALUES.text + VALUES.knownKey + keyBytes,
    VALUES.list + VALUES.newKey - VALUES.knownKey,
  ],
  [
    "maps with keys of their own",
    (count) =>
      listOf(
        count,
        each(count, (index) => Buffer.concat([Buffer.of(0x81), key(index), Buffer.of(1)])),
      ),
    VALUES.map + 1 + VALUES.text + VALUES.newKey + keyBytes,
    VALUES.list,
  ],
  [
    "keys in one map",
    (count) =>
      listOf(
        count,
        each(count, (index) => Buffer.concat([key(index), Buffer.of(1)])),
        0xdf,
      ),
    1 + VALUES.text + VALUES.laterKey + keyBytes,
    VALUES.map + 16 * (VALUES.newKey - VALUES.laterKey),
  ],
  [
    "numbers as keys of one map",
    (count) =>
      listOf(
        count,
        each(count, (index) => Buffer.concat([text(`${100_000 + index}`), Buffer.of(1)])),
        0xdf,
      ),
    1 + VALUES.text + VALUES.laterKey + VALUES.numberKey + keyBytes,
    VALUES.map + 16 * (VALUES.newKey - VALUES.laterKey),
  ],
];

describe("The number of values in a payload is bounded", () => {
  test("where it is decoded: 32 MiB of empty maps, or of nils, are refused", () => {
    for (const value of [0x80, 0xc0])
      expect(() => decodeValue(same(MAX_PAYLOAD_BYTES - 5, [value]))).toThrow(BoundError);
  });

  for (const [kind, make, weight, own] of KINDS)
    long(`and so many ${kind} are decoded, and one more is not`, async () => {
      const most = Math.floor((MAX_VALUES - own) / weight);
      decodeValue(make(most));
      expect(() => decodeValue(make(most + 1))).toThrow(BoundError);
    });

  test("and a sequence of keys counts as a new kind of object, whatever its keys are", () => {
    // All orders of the same eight keys.
    const names = [..."abcdefgh"];
    const order = (index: number) => {
      const left = [...names];
      return names.map((_, at) => left.splice(Math.floor(index / 7 ** at) % left.length, 1)[0] as string);
    };
    const maps = (differ: boolean) =>
      listOf(
        10_000,
        each(10_000, (index) => {
          const keys = order(differ ? index * 3 : 0).map((name) => Buffer.concat([text(name), Buffer.of(1)]));
          return Buffer.concat([Buffer.of(0x88), ...keys]);
        }),
      );
    expect(decodeValue(maps(false))).toHaveLength(10_000);
    expect(() => decodeValue(maps(true))).toThrow(BoundError);
  });

  long("where it is encoded: PAYLOAD_TOO_LARGE, by the same count, and says what fits", async () => {
    const list = new Array(MAX_VALUES - VALUES.list).fill(0);
    expect(decodeValue(encodeValue(list, "result"))).toHaveLength(list.length);
    expect(() => encodeValue([...list, 0], "result")).toThrow(
      expect.objectContaining({
        code: "PAYLOAD_TOO_LARGE",
        message: expect.stringContaining("as a typed array"),
      }),
    );
    const dates = new Array(Math.ceil(MAX_VALUES / VALUES.extension)).fill(new Date());
    expect(() => encodeValue(dates, "result")).toThrow(/Payload result has too many parts/);
    expect(encodeValue(new Float64Array(MAX_VALUES), "result")).toHaveLength(8 * MAX_VALUES + 7);
    const rows = Array.from({ length: 20_000 }, (_, id) => ({ id, name: "a name", score: 0.5, isNew: true }));
    expect(decodeValue(encodeValue(rows, "result"))).toEqual(rows);
  });
});
