import { describe, expect, test } from "vitest";
import { MAX_VALUES, SLOW_VALUES } from "../../../src/protocol/bounds.ts";
import { MAX_PAYLOAD_BYTES } from "../../../src/protocol/limits.ts";
import { decodeValue, encodeValue } from "../../../src/protocol/payload/payload.ts";
import { BoundError } from "../../../src/protocol/wire/byte-reader.ts";
import { long } from "../../support/long.ts";

/** A list of `count` times the same encoded value. */
function listOf(count: number, bytes: readonly number[]): Buffer {
  const list = Buffer.alloc(5 + count * bytes.length, Buffer.from(bytes));
  list[0] = 0xdd;
  list.writeUInt32BE(count, 1);
  list.set(Buffer.alloc(count * bytes.length, Buffer.from(bytes)), 5);
  return list;
}

describe("The number of values in a payload is bounded", () => {
  test("where it is decoded: 64 MiB of empty maps, or of nils, are refused", () => {
    for (const value of [0x80, 0xc0])
      expect(() => decodeValue(listOf(MAX_PAYLOAD_BYTES - 5, [value]))).toThrow(BoundError);
  });

  test.each([
    ["nils", [0xc0], 1],
    ["empty maps", [0x80], 1],
    ["bins", [0xc4, 0], SLOW_VALUES],
    ["dates", [0xd6, 0xff, 0, 0, 0, 0], SLOW_VALUES],
    ["bigints", [0xd4, 0x42, 1], SLOW_VALUES],
    ["holes", [0xd4, 0x68, 0], 3],
  ] as const)("and so many %s are decoded, and one more is not", (_kind, bytes, weight) => {
    const own = weight === 3 ? 3 : 1; // the list is a value, too
    const most = Math.floor((MAX_VALUES - own) / weight);
    expect(decodeValue(listOf(most, bytes))).toHaveLength(most);
    expect(() => decodeValue(listOf(most + 1, bytes))).toThrow(BoundError);
  });

  long("where it is encoded: PAYLOAD_TOO_LARGE, by the same count", async () => {
    const list = new Array(MAX_VALUES - 1).fill(0);
    expect(decodeValue(encodeValue(list, "result"))).toHaveLength(MAX_VALUES - 1);
    expect(() => encodeValue([...list, 0], "result")).toThrow(
      expect.objectContaining({ code: "PAYLOAD_TOO_LARGE" }),
    );
    const dates = new Array(MAX_VALUES / SLOW_VALUES).fill(new Date());
    expect(() => encodeValue(dates, "result")).toThrow(/Payload result has too many parts/);
    expect(encodeValue(new Float64Array(MAX_VALUES), "result")).toHaveLength(8 * MAX_VALUES + 7);
  });
});
