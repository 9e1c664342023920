import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  MAX_FRAME_BYTES,
  MAX_FRAMES,
  MAX_MESSAGE_BYTES,
  PROTOCOL_VERSION,
} from "../../../src/protocol/limits.ts";
import { BoundError, NameError, ProtocolError } from "../../../src/protocol/wire/byte-reader.ts";
import { decodeMessage, encodeMessage, VersionError } from "../../../src/protocol/wire/codec.ts";
import { EMPTY } from "../../../src/protocol/wire/payload-frames.ts";
import { ANYTHING, arbitraryMessages } from "../../support/messages.ts";

const { batch: message, service: serviceMessage, inspection } = arbitraryMessages(ANYTHING);

/** Payloads come back as views of what arrived; compared by content. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(value as Uint8Array).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

describe("The codec of messages", () => {
  test("returns any message as it was", () => {
    fc.assert(
      fc.property(fc.oneof(message, serviceMessage, inspection), (original) => {
        expect(plain(decodeMessage(encodeMessage(original)))).toEqual(plain(original));
      }),
      { numRuns: 500 },
    );
  });

  test("puts small payloads in one frame, the first ones in the envelope's, and a large one in its own", () => {
    const items = [10, 20, 40_000, 30].map((size, seq) => ({
      seq,
      attempt: 1,
      payload: new Uint8Array(size),
    }));
    const message = {
      type: "grant",
      runId: "r",
      solo: false,
      settled: [],
      failuresSeen: [],
    } as const;
    const frames = encodeMessage({ ...message, items });
    const [envelope, ...others] = encodeMessage({ ...message, items: [] });
    expect(others).toEqual([]);
    const [first, ...rest] = frames.map((frame) => frame.length);
    // Sequence number, attempt and size of each item come to 14 bytes.
    expect(first).toBe((envelope?.length ?? 0) + 14 + 30);
    expect(rest).toEqual([40_000, 30]);
  });

  test("takes attempts up to 2^32 - 1", () => {
    const message = (attempt: number) =>
      encodeMessage({ type: "cancel", runId: "r", items: [{ seq: 1, attempt }] });
    expect(decodeMessage(message(2 ** 32 - 1))).toMatchObject({ items: [{ attempt: 2 ** 32 - 1 }] });
    expect(() => decodeMessage(message(2 ** 32))).toThrow(ProtocolError);
  });

  test("cuts a payload into pieces of 64 KiB, and takes pieces of any size", () => {
    const payload = Buffer.alloc(150_000, "some text");
    const message = { type: "metadata", runId: "r", payload } as const;
    const frames = encodeMessage(message);
    const [envelope = EMPTY, ...pieces] = frames;
    expect(pieces.map(({ length }) => length)).toEqual([65_536, 65_536, 18_928]);
    expect(plain(decodeMessage(frames))).toEqual(plain(message));
    const other = [0, 1, 70_000, 149_999].map((start, n, starts) => payload.subarray(start, starts[n + 1]));
    expect(plain(decodeMessage([envelope, ...other]))).toEqual(plain(message));
    const fails = [pieces.slice(1), pieces.slice(0, 2), [...pieces, Buffer.alloc(1)], []];
    for (const wrong of fails) expect(() => decodeMessage([envelope, ...wrong])).toThrow(ProtocolError);
  });

  test("spends three bytes beside the payload on each of consecutive items", () => {
    const items = Array.from({ length: 500 }, (_, n) => ({
      seq: 1_000_000 + n,
      attempt: 1,
      payload: Uint8Array.of(1),
    }));
    const [envelope] = encodeMessage({
      type: "grant",
      runId: "r",
      solo: false,
      settled: [],
      failuresSeen: [],
      items,
    });
    expect(envelope?.length).toBeLessThan(500 * (3 + 1) + 30);
  });
});

describe("The codec refuses", () => {
  const good = encodeMessage({ type: "ready", runId: "run", concurrency: 4 });
  const [envelope = new Uint8Array()] = good;

  test("no frames, garbage and HTTP", () => {
    for (const frames of [
      [],
      [new Uint8Array()],
      [Buffer.from("GET / HTTP/1.1\r\n")],
      [Buffer.from("ZQP")],
    ]) {
      expect(() => decodeMessage(frames)).toThrow(ProtocolError);
    }
  });

  test("another version by name, except for its refusals, which every version can read", () => {
    const other = Buffer.from(envelope);
    other[3] = PROTOCOL_VERSION + 1;
    expect(() => decodeMessage([other])).toThrow(VersionError);
    const [refusal] = encodeMessage({ type: "refuse", runId: "", reason: "too old" });
    const fromOther = Buffer.from(refusal ?? []);
    fromOther[3] = PROTOCOL_VERSION + 1;
    expect(decodeMessage([fromOther])).toEqual({ type: "refuse", runId: "", reason: "too old" });
  });

  test("names with hidden characters, longer names, and names that are no UTF-8", () => {
    const named = (peerId: string) =>
      encodeMessage({
        type: "hello",
        runId: "",
        role: "worker",
        peerId,
        taskType: "t",
        ticket: "",
        held: [],
      });
    for (const name of [
      "a\nb",
      "a\u001b[2J",
      "\u007f",
      "\u0085",
      "a\u202eb",
      "__proto__",
      "a\u200bb",
      "\u2028",
      "\ud800",
      "x".repeat(256),
    ])
      expect(() => decodeMessage(named(name))).toThrow(NameError);
    const broken = Buffer.from(named("abc")[0] ?? []);
    broken[broken.indexOf("abc") + 1] = 0xff;
    expect(() => decodeMessage([broken])).toThrow(NameError);
    for (const name of ["", "Größe ändern", "画像", "x".repeat(255)])
      expect(decodeMessage(named(name))).toMatchObject({ peerId: name });
  });

  test("more frames, and more bytes, than a message may have", () => {
    const [envelope = EMPTY] = encodeMessage({ type: "ping", runId: "run" });
    const frames = (count: number, frame: Uint8Array) => [envelope, ...new Array(count - 1).fill(frame)];
    expect(() => decodeMessage(frames(MAX_FRAMES + 1, Uint8Array.of(1)))).toThrow(BoundError);
    expect(() => decodeMessage(frames(MAX_FRAMES, Uint8Array.of(1)))).not.toThrow(BoundError);
    const large = new Uint8Array(MAX_FRAME_BYTES);
    const most = MAX_MESSAGE_BYTES / MAX_FRAME_BYTES;
    expect(() => decodeMessage(frames(most + 1, large))).toThrow(BoundError);
    expect(() => decodeMessage(frames(most, large))).not.toThrow(BoundError);
  });

  test("every truncation, trailing bytes, and extra frames", () => {
    for (let length = 0; length < envelope.length; length++) {
      expect(() => decodeMessage([envelope.subarray(0, length)])).toThrow(ProtocolError);
    }
    expect(() => decodeMessage([Buffer.concat([envelope, Buffer.of(0)])])).toThrow(ProtocolError);
    expect(() => decodeMessage([envelope, Buffer.of(1)])).toThrow(ProtocolError);
  });

  test("or decodes any bytes after a good magic", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.array(fc.uint8Array({ maxLength: 20 })),
        (body, frames) => {
          try {
            decodeMessage([Buffer.concat([envelope.subarray(0, 4), body]), ...frames]);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("or decodes a message with any damage", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), (original, at, byte) => {
        const frames = encodeMessage(original).map((frame) => Buffer.from(frame));
        const target = frames[at % frames.length];
        if (target !== undefined && target.length > 0) target[at % target.length] = byte;
        try {
          decodeMessage(frames);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
