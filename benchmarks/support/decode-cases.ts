import { MAX_FAILED_REQUESTS, MAX_ITEMS, MAX_REFS } from "../../src/protocol/bounds.ts";
import { MAX_ERROR_TEXT, MAX_FRAMES, MAX_PAYLOAD_BYTES } from "../../src/protocol/limits.ts";
import { encodeMessage } from "../../src/protocol/wire/codec.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";

const head = (code: number, count: number): Buffer => {
  const bytes = Buffer.alloc(5);
  bytes[0] = code;
  bytes.writeUInt32BE(count, 1);
  return bytes;
};

/** A list of `count` encoded values. */
function list(count: number, each: (index: number) => Uint8Array): Buffer {
  return Buffer.concat([head(0xdd, count), ...Array.from({ length: count }, (_, index) => each(index))]);
}

/** A list of `count` times the same encoded value. */
function same(count: number, value: readonly number[]): Buffer {
  return Buffer.concat([head(0xdd, count), Buffer.alloc(count * value.length, Buffer.from(value))]);
}

/** A map of `count` keys. */
function map(count: number, key: (index: number) => string): Buffer {
  return Buffer.concat([
    head(0xdf, count),
    ...Array.from({ length: count }, (_, index) => Buffer.concat([text(key(index)), Buffer.of(0)])),
  ]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return bytes.length < 32
    ? Buffer.concat([Buffer.of(0xa0 | bytes.length), bytes])
    : Buffer.concat([head(0xdb, bytes.length), bytes]);
}

/** Text of about `count` bytes. */
const longText = (count: number, character: string) => {
  const bytes = Buffer.from(character);
  const size = count - (count % bytes.length);
  return Buffer.concat([head(0xdb, size), Buffer.alloc(size, bytes)]);
};

/** Many texts of about `size` bytes. */
const texts = (character: string, size: number) => (count: number) => {
  const value = longText(size, character);
  return Buffer.concat([head(0xdd, count), Buffer.alloc(count * value.length, value)]);
};

/** One-key maps, each with another key or with one of `keys`. */
const maps = (keysOfMap: number, differ: boolean) => (count: number) =>
  list(count, (index) =>
    Buffer.concat([
      Buffer.of(0x80 | keysOfMap),
      ...Array.from({ length: keysOfMap }, (_, key) =>
        Buffer.concat([text(differ ? `k${index * keysOfMap + key}` : `key${key}`), Buffer.of(1)]),
      ),
    ]),
  );

/** Lists or maps in each other, 98 levels deep. */
const nested = (open: readonly number[], end: number) => {
  const value = [...Array.from({ length: 98 }, () => open).flat(), end];
  return (count: number) => same(count, value);
};

/** A hole, before other values: the payload is decoded with the exact decoder. */
const exact = (make: (count: number) => Buffer) => (count: number) =>
  Buffer.concat([Buffer.of(0x92, 0x91, 0xd4, 0x68, 0), make(count)]);

const float64 = [0xcb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a];
const extension = (type: number, size: number) => [
  0xc8,
  size >> 8,
  size & 255,
  type,
  ...new Array(size).fill(1),
];
const bigint = (size: number) => [0xc8, size >> 8, size & 255, 0x42, ...new Array(size).fill(0x55)];

/** Payloads of a kind, of any count of values. The benchmark finds the largest that is decoded. */
export const PAYLOADS: Readonly<Record<string, (count: number) => Buffer>> = {
  "small integers": (count) => same(count, [1]),
  nils: (count) => same(count, [0xc0]),
  "float 64": (count) => same(count, float64),
  "float 32": (count) => same(count, [0xca, 0x3f, 0x80, 0, 1]),
  "int 32": (count) => same(count, [0xd2, 0x7f, 1, 2, 3]),
  "uint 64, small": (count) => same(count, [0xcf, 0, 0, 0, 1, 0, 0, 0, 0]),
  "uint 64, large": (count) => same(count, [0xcf, 0xff, 0, 0, 1, 0, 0, 0, 0]),
  "int 64, large": (count) => same(count, [0xd3, 0x8f, 0, 0, 1, 0, 0, 0, 0]),
  "empty texts": (count) => same(count, [0xa0]),
  "texts of 1 character": (count) => same(count, [0xa1, 0x61]),
  "distinct short texts": (count) => list(count, (index) => text(`t${index}`)),
  "texts of 1 character in 3 bytes": (count) => same(count, [0xa3, 0xe4, 0xb8, 0xad]),
  "distinct texts with umlauts": (count) => list(count, (index) => text(`ü${index}`)),
  "texts of 31 bytes": (count) => list(count, (index) => text(`${index}`.padStart(31, "x"))),
  "texts of 30 bytes, umlauts": texts("ü", 30),
  "texts of 30 bytes, 3 bytes each": texts("中", 30),
  "texts of 100 bytes": (count) => list(count, (index) => text(`${index}`.padStart(100, "x"))),
  "texts of 100 bytes, umlauts": texts("ü", 100),
  "texts of 1,000 bytes": texts("x", 1000),
  "texts of 1,000 bytes, umlauts": texts("ü", 1000),
  "texts of 1,000 bytes, 3 bytes each": texts("中", 999),
  "one long text": (count) => longText(count, "x"),
  "one long text, umlauts": (count) => longText(count, "ü"),
  "one long text, 3 bytes each": (count) => longText(count, "中"),
  "one long text, 4 bytes each": (count) => longText(count, "😀"),
  "one long text, mixed": (count) => longText(count, "abc中d"),
  "one long text, not UTF-8": (count) => Buffer.concat([head(0xdb, count), Buffer.alloc(count, 0xff)]),
  "one long text, cut off characters": (count) =>
    Buffer.concat([
      head(0xdb, count - (count % 2)),
      Buffer.alloc(count - (count % 2), Buffer.of(0xe4, 0x61)),
    ]),
  "empty lists": (count) => same(count, [0x90]),
  "lists of one": (count) => same(count, [0x91, 1]),
  "lists of 16-bit head": (count) => same(count, [0xdc, 0, 0]),
  "nested lists": nested([0x91], 0x90),
  "empty maps": (count) => same(count, [0x80]),
  "maps of one key": maps(1, false),
  "maps of five keys": maps(5, false),
  "maps of one key, all different": maps(1, true),
  "maps of two keys, all different": maps(2, true),
  "maps of ten keys, all different": maps(10, true),
  "nested maps": nested([0x81, 0xa1, 0x61], 0x80),
  "one map, short keys": (count) => map(count, (index) => `k${index}`),
  "one map, keys of 40 bytes": (count) => map(count, (index) => `k${index}`.padEnd(40, "x")),
  "one map, keys of 200 bytes": (count) => map(count, (index) => `k${index}`.padEnd(200, "x")),
  "one map, keys with umlauts": (count) => map(count, (index) => `ü${index}`),
  "one map, rising numbers as keys": (count) => map(count, (index) => String(index)),
  "one map, falling numbers as keys": (count) => map(count, (index) => String(4_000_000_000 - index * 3)),
  "one map, scattered numbers as keys": (count) =>
    map(count, (index) => String((index * 2_654_435_761) % 4_294_967_291)),
  "one map, the same key": (count) => map(count, () => "same"),
  "maps of 5,000 kinds, each many times": (count) =>
    list(count, (index) => Buffer.concat([Buffer.of(0x81), text(`k${index % 5000}`), Buffer.of(1)])),
  "maps of 900 kinds, each many times": (count) =>
    list(count, (index) => Buffer.concat([Buffer.of(0x81), text(`k${index % 900}`), Buffer.of(1)])),
  "maps of the same keys in another order": (count) =>
    list(count, (index) => {
      const keys = Array.from({ length: 8 }, (_, at) =>
        String.fromCharCode(97 + ((at * (1 + (index % 7)) + (index >> 3)) % 8), 97 + (at ^ (index % 11))),
      );
      return Buffer.concat([Buffer.of(0x88), ...keys.map((key) => Buffer.concat([text(key), Buffer.of(1)]))]);
    }),
  "maps of fifteen keys": maps(15, false),
  "maps of scattered numbers as keys": (count) =>
    list(count, (index) =>
      Buffer.concat([Buffer.of(0x81), text(String((index * 2_654_435_761) % 4_294_967_291)), Buffer.of(1)]),
    ),
  undefined: (count) => same(count, [0xd4, 0, 0]),
  "dates of 32 bits": (count) => same(count, [0xd6, 0xff, 1, 2, 3, 4]),
  "dates of 64 bits": (count) => same(count, [0xd7, 0xff, 1, 2, 3, 4, 5, 6, 7, 8]),
  "dates of 96 bits": (count) => same(count, [0xc7, 12, 0xff, 1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8]),
  "dates that are invalid": (count) => same(count, [0xd4, 0xff, 0]),
  "bigints of 1 byte": (count) => same(count, [0xd4, 0x42, 1]),
  "bigints of 8 bytes": (count) => same(count, [0xd7, 0x42, 0x75, 1, 2, 3, 4, 5, 6, 7]),
  "bigints of 16 bytes": (count) => same(count, [0xd8, 0x42, ...new Array(16).fill(0x55)]),
  "bigints of 64 bytes": (count) => same(count, bigint(64)),
  "bigints of 264 bytes": (count) => same(count, bigint(264)),
  "empty bins": (count) => same(count, [0xc4, 0]),
  "bins of 32 bytes": (count) => same(count, [0xc4, 32, ...new Array(32).fill(1)]),
  "bins of 1,000 bytes": (count) => same(count, [0xc5, 3, 232, ...new Array(1000).fill(1)]),
  "bins of 5,000 bytes": (count) => same(count, [0xc5, 19, 136, ...new Array(5000).fill(1)]),
  "one bin": (count) => Buffer.concat([head(0xc6, count), Buffer.alloc(count, 1)]),
  "typed arrays, empty": (count) => same(count, extension(0x74, 1)),
  "typed arrays of one byte": (count) => same(count, extension(0x74, 2)),
  "typed arrays of 1,000 bytes": (count) => same(count, extension(0x74, 1001)),
  "one typed array": (count) =>
    Buffer.concat([head(0xc9, count + 1), Buffer.of(0x74, 1), Buffer.alloc(count, 1)]),
  "texts of UTF-16": (count) => same(count, [0xd5, 0x75, 0, 0xd8]),
  "texts of UTF-16, 1,000 bytes": (count) => same(count, [0xc8, 3, 232, 0x75, ...new Array(1000).fill(0xd8)]),
  "one text of UTF-16": (count) => {
    const size = count - (count % 2);
    return Buffer.concat([head(0xc9, size), Buffer.of(0x75), Buffer.alloc(size, 0xd8)]);
  },
  holes: (count) => same(count, [0xd4, 0x68, 0]),
  "empty objects in pairs": (count) => same(count, [0xd5, 0x6f, 1, 0x90]),
  "objects in pairs": (count) =>
    list(count, (index) => {
      const key = text(`k${index}`);
      return Buffer.concat([Buffer.of(0xc7, key.length + 3, 0x6f, 1, 0x92), key, Buffer.of(1)]);
    }),
  "a hole, and small integers": exact((count) => same(count, [1])),
  "a hole, and float 64": exact((count) => same(count, float64)),
  "a hole, and large integers": exact((count) => same(count, [0xcf, 0xff, 0, 0, 1, 0, 0, 0, 0])),
  "a hole, and short texts": exact((count) => list(count, (index) => text(`t${index}`))),
  "a hole, and texts of 100 bytes, umlauts": exact(texts("ü", 100)),
  "a hole, and empty lists": exact((count) => same(count, [0x90])),
  "a hole, and empty maps": exact((count) => same(count, [0x80])),
  "a hole, and maps of one key": exact(maps(1, false)),
  "a hole, and maps of one key, all different": exact(maps(1, true)),
  "a hole, and one map": exact((count) => map(count, (index) => `k${index}`)),
  "a hole, and one map of scattered numbers": exact((count) =>
    map(count, (index) => String((index * 2_654_435_761) % 4_294_967_291)),
  ),
  "a hole, and dates": exact((count) => same(count, [0xd6, 0xff, 1, 2, 3, 4])),
  "a hole, and bins": exact((count) => same(count, [0xc4, 0])),
  "a hole, and bigints of 264 bytes": exact((count) => same(count, bigint(264))),
};

const runId = "0123456789abcdef";
/** References as far from each other as they can be: each takes the most bytes. */
const refs = Array.from({ length: MAX_REFS }, (_, index) => ({
  seq: index % 2 === 0 ? index : 2 ** 52 - 1 - index,
  attempt: 2 ** 31,
}));
const wide = "中".repeat(MAX_ERROR_TEXT);
const deep = PAYLOADS["nested maps"]?.(200) ?? EMPTY;

/** Messages at the bounds of their fields. */
export const MESSAGES: Readonly<Record<string, () => Uint8Array[]>> = {
  "hello with 32,768 held items": () =>
    encodeMessage({
      type: "hello",
      runId,
      role: "worker",
      peerId: "w",
      taskType: "t",
      ticket: "",
      held: refs,
    }),
  "returned with 32,768 items": () => encodeMessage({ type: "returned", runId, leaving: false, items: refs }),
  "produced with 32,768 items": () =>
    encodeMessage({
      type: "produced",
      runId,
      taskType: "t",
      count: 1,
      all: false,
      again: refs.map(({ seq }) => seq),
    }),
  "open with 4,096 tasks": () =>
    encodeMessage({
      type: "open",
      runId,
      peerId: "d",
      tasks: Array.from({ length: 4096 }, (_, index) => `${index}`.padStart(85, "0") + "中".repeat(56)),
      trust: "any",
      context: "",
      metadata: EMPTY,
    }),
  "result with 512 empty items": () =>
    encodeMessage({
      type: "result",
      runId,
      taskType: "t",
      workerId: "w",
      ticket: "",
      busyMs: 1,
      items: refs.slice(0, MAX_ITEMS).map((ref) => ({ ...ref, payload: EMPTY })),
    }),
  "result of 32 MiB": () =>
    encodeMessage({
      type: "result",
      runId,
      taskType: "t",
      workerId: "w",
      ticket: "",
      busyMs: 1,
      items: [{ seq: 1, attempt: 1, payload: Buffer.alloc(MAX_PAYLOAD_BYTES, 1) }],
    }),
  "result of 35 MiB in 512 items and all frames": () => {
    const size = Math.floor((35 * 1024 * 1024) / MAX_ITEMS);
    const items = refs.slice(0, MAX_ITEMS).map((ref) => ({ ...ref, payload: Buffer.alloc(size, 1) }));
    const [envelope = EMPTY, ...bodies] = encodeMessage({
      type: "result",
      runId,
      taskType: "t",
      workerId: "w",
      ticket: "",
      busyMs: 1,
      items,
    });
    const all = Buffer.concat(bodies);
    const piece = Math.ceil(all.length / (MAX_FRAMES - 1));
    const frames = [envelope];
    for (let start = 0; start < all.length; start += piece) frames.push(all.subarray(start, start + piece));
    return frames;
  },
  "request with 512 items": () =>
    encodeMessage({
      type: "request",
      runId,
      taskType: "t",
      timeoutMs: 0,
      idempotent: true,
      context: "中".repeat(3333),
      items: refs.slice(0, MAX_ITEMS).map((ref) => ({ ...ref, payload: Buffer.alloc(8000) })),
    }),
  "failure with 8,192 items and the largest error": () =>
    encodeMessage({
      type: "failure",
      runId,
      origin: "handler",
      error: { name: wide, message: wide, stack: wide, code: wide, detail: deep },
      items: refs.slice(0, MAX_FAILED_REQUESTS),
    }),
  "metadata of 32 MiB": () =>
    encodeMessage({ type: "metadata", runId, payload: Buffer.alloc(MAX_PAYLOAD_BYTES, 0xc0) }),
};
