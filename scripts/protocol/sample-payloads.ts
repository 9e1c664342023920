/** A value that JavaScript sends, in words that other languages understand. */
interface SamplePayload {
  readonly value: string;
  readonly payload: unknown;
}

/** MessagePack that other languages write, and what JavaScript makes of it. */
interface ForeignPayload {
  readonly bytes: string;
  readonly value: unknown;
}

const withoutPrototype = Object.assign(Object.create(null) as object, { a: 1 });
// biome-ignore lint/suspicious/noSparseArray: the hole is what it shows
const withHole = [1, , 3];

export const SAMPLE_PAYLOADS: readonly SamplePayload[] = [
  { value: "an empty map: no bytes", payload: {} },
  { value: "a map: n is 3, s is a text", payload: { n: 3, s: "grün" } },
  { value: "a list of true, false and nil", payload: [true, false, null] },
  { value: "integers of 8, 16 and 32 bits", payload: [7, -7, 200, 60_000, 4_000_000_000, -2_000_000_000] },
  { value: "integers beyond 32 bits, as floats", payload: [2 ** 32, 2 ** 53 - 1] },
  { value: "0.5, -0, NaN, infinity", payload: [0.5, -0, Number.NaN, Number.POSITIVE_INFINITY] },
  { value: "binary: 1 2 3", payload: Buffer.of(1, 2, 3) },
  { value: "undefined in a map (extension 0)", payload: { u: undefined } },
  {
    value: "the date 2026-01-31T12:00:00.000Z (extension -1)",
    payload: new Date("2026-01-31T12:00:00.000Z"),
  },
  { value: "the bigint 5 (extension 0x42)", payload: 5n },
  { value: "the bigint 2^60, an integer of 64 bits", payload: 2n ** 60n },
  { value: "the bigint 2^100 (extension 0x42)", payload: 2n ** 100n },
  { value: "a Float64Array of 1.5 (extension 0x74)", payload: Float64Array.of(1.5) },
  { value: "a lone surrogate, U+D83D (extension 0x75)", payload: "\ud83d" },
  { value: "an object without a prototype: a is 1 (extension 0x6f)", payload: withoutPrototype },
  { value: "a list of 1, a hole and 3 (extension 0x68)", payload: withHole },
];

export const FOREIGN_PAYLOADS: readonly ForeignPayload[] = [
  { bytes: "cf0000000100000000", value: 2 ** 32 }, // uint 64, as Python writes integers
  { bytes: "cf001fffffffffffff", value: Number.MAX_SAFE_INTEGER },
  { bytes: "d3ffffffff00000000", value: -(2 ** 32) }, // int 64
  { bytes: "cf7fffffffffffffff", value: 2n ** 63n - 1n }, // no number could hold it
  { bytes: "cfffffffffffffffff", value: 2n ** 64n - 1n },
  { bytes: "ca3fc00000", value: 1.5 }, // float 32
  { bytes: "da0003616263", value: "abc" }, // a head that is longer than needed
  { bytes: "81a16e0c", value: { n: 12 } },
  { bytes: "d442ff", value: -1n }, // as few bytes as the number needs
  { bytes: "d7ffee2e1f00697deec0", value: new Date("2026-01-31T12:00:00.999Z") }, // a timestamp of 8 bytes, with 999,000,000 ns
  { bytes: "c70cff00000000ffffffffffffffff", value: new Date("1969-12-31T23:59:59.000Z") }, // of 12 bytes
];

/** Payloads that every reader refuses. A result with such a payload fails its item. */
export const REFUSED_PAYLOADS: readonly { readonly why: string; readonly bytes: string }[] = [
  { why: "cut off", bytes: "930102" },
  { why: "a byte behind the value", bytes: "0102" },
  { why: "a code that MessagePack does not use", bytes: "c1" },
  { why: "a list that is longer than the payload", bytes: "ddffffffff01" },
  { why: "a key that is an integer", bytes: "8101a16f" },
  { why: "a key that is binary", bytes: "81c4016101" },
  { why: "the key __proto__", bytes: "81a95f5f70726f746f5f5f01" },
  { why: "another extension, 7", bytes: "d40700" },
  { why: "a timestamp of 3 bytes", bytes: "c703ff000000" },
  { why: "a bigint without bytes", bytes: "c70042" },
  { why: "a typed array with half an element", bytes: "d5740300" },
  { why: "text of 0x75 with half a unit", bytes: "d47561" },
  { why: "an object of 0x6f with a key and no value", bytes: "c7046f0191a161" },
  { why: "a hole outside of a list", bytes: "81a161d46800" },
  { why: "101 levels", bytes: `${"91".repeat(101)}c0` },
];
