import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../src/protocol/byte-reader.ts";
import { decodeMessage, encodeMessage, VersionError } from "../../src/protocol/codec.ts";
import { MAX_SEQ } from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";

const name = fc.string({ maxLength: 40 });
const count = fc.maxSafeInteger().map(Math.abs);
const seq = fc.oneof(fc.nat(), fc.integer({ min: 0, max: MAX_SEQ }));
const bytes = fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.constant(new Uint8Array(32 * 1024)));
const ref = fc.record({ seq, attempt: count });
const item = fc.record({ seq, attempt: count, payload: bytes });
const role = fc.constantFrom(
  "distributor" as const,
  "worker" as const,
  "collector" as const,
  "metadataworker" as const,
  "service" as const,
  "serviceworker" as const,
  "serviceclient" as const,
);
const error = fc.record({ name, message: fc.string(), stack: fc.string(), code: name });
const of = <T extends Message["type"]>(type: T) => ({ type: fc.constant(type), runId: name });

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ ...of("hello"), role, peerId: name, taskType: name, held: fc.array(ref) }),
  fc.record({ ...of("welcome"), role, peerId: name, timeout: count, metadata: bytes }),
  fc.record({ ...of("refuse"), reason: name }),
  fc.record({ ...of("open"), peerId: name, tasks: fc.array(name), metadata: bytes }),
  fc.record({ ...of("ready"), concurrency: fc.integer({ min: 1 }) }),
  fc.record({
    ...of("grant"),
    solo: fc.boolean(),
    settled: fc.array(seq),
    failuresSeen: fc.array(ref),
    items: fc.array(item),
  }),
  fc.record({ ...of("recall"), count }),
  fc.record({ ...of("revoke"), items: fc.array(ref) }),
  fc.record({ ...of("returned"), leaving: fc.boolean(), items: fc.array(ref) }),
  fc.record({ ...of("fail"), seq, attempt: count, retryable: fc.boolean(), error }),
  fc.record({ ...of("result"), taskType: name, workerId: name, busy: count, items: fc.array(item) }),
  fc.record({ ...of("failed"), taskType: name, seq, attempts: count, error, payload: bytes }),
  fc.record({
    ...of("ack"),
    taskType: name,
    workerId: name,
    busy: count,
    bytes: count,
    seqs: fc.array(seq),
    ackData: bytes,
  }),
  fc.record({ ...of("metadata"), payload: bytes }),
  fc.record({
    ...of("end"),
    status: fc.constantFrom("complete" as const, "stopped" as const, "aborted" as const),
    reason: name,
  }),
  fc.record({
    type: fc.constantFrom(
      "ping" as const,
      "pong" as const,
      "bye" as const,
      "ended" as const,
      "accepted" as const,
      "resend" as const,
    ),
    runId: name,
  }),
);

const assign = fc.array(name, { minLength: 1 }).chain((clients) =>
  fc.record({
    ...of("assign"),
    clients: fc.constant(clients),
    items: fc.array(
      fc.record({
        seq,
        attempt: count,
        payload: bytes,
        client: fc.nat({ max: clients.length - 1 }),
        number: seq,
      }),
    ),
  }),
);

const serviceMessage: fc.Arbitrary<Message> = fc.oneof(
  assign,
  fc.record({
    ...of("request"),
    taskType: name,
    timeout: count,
    idempotent: fc.boolean(),
    items: fc.array(item),
  }),
  fc.record({ ...of("reply"), busy: count, items: fc.array(item) }),
  fc.record({
    ...of("failure"),
    items: fc.array(ref),
    origin: fc.constantFrom("handler" as const, "worker" as const, "service" as const),
    error,
  }),
  fc.record({ ...of("cancel"), items: fc.array(ref) }),
);

/** Payloads come back as views of what arrived; compared by content. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(value as Uint8Array).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

describe("messages", () => {
  test("any message comes back as it was", () => {
    fc.assert(
      fc.property(fc.oneof(message, serviceMessage), (original) => {
        expect(plain(decodeMessage(encodeMessage(original)))).toEqual(plain(original));
      }),
      { numRuns: 500 },
    );
  });

  test("small payloads share a frame, a large one has its own", () => {
    const items = [10, 20, 40_000, 30].map((size, seq) => ({
      seq,
      attempt: 1,
      payload: new Uint8Array(size),
    }));
    const frames = encodeMessage({
      type: "grant",
      runId: "r",
      solo: false,
      settled: [],
      failuresSeen: [],
      items,
    });
    expect(frames.slice(1).map((frame) => frame.length)).toEqual([30, 40_000, 30]);
  });

  test("a run of items costs three bytes each in the envelope", () => {
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
    expect(envelope?.length).toBeLessThan(500 * 3 + 30);
  });
});

describe("what is not a message is refused", () => {
  const good = encodeMessage({ type: "ready", runId: "run", concurrency: 4 });
  const [envelope = new Uint8Array()] = good;

  test("no frames, garbage, HTTP", () => {
    for (const frames of [
      [],
      [new Uint8Array()],
      [Buffer.from("GET / HTTP/1.1\r\n")],
      [Buffer.from("ZQP")],
    ]) {
      expect(() => decodeMessage(frames)).toThrow(ProtocolError);
    }
  });

  test("another version is told apart, except for a refusal, which every version can read", () => {
    const other = Buffer.from(envelope);
    other[3] = 9;
    expect(() => decodeMessage([other])).toThrow(VersionError);
    const [refusal] = encodeMessage({ type: "refuse", runId: "", reason: "too old" });
    const fromOther = Buffer.from(refusal ?? []);
    fromOther[3] = 9;
    expect(decodeMessage([fromOther])).toEqual({ type: "refuse", runId: "", reason: "too old" });
  });

  test("every truncation, trailing bytes, and frames that belong to nothing", () => {
    for (let length = 0; length < envelope.length; length++) {
      expect(() => decodeMessage([envelope.subarray(0, length)])).toThrow(ProtocolError);
    }
    expect(() => decodeMessage([Buffer.concat([envelope, Buffer.of(0)])])).toThrow(ProtocolError);
    expect(() => decodeMessage([envelope, Buffer.of(1)])).toThrow(ProtocolError);
  });

  test("any bytes after a good magic: refused or decoded, nothing else", () => {
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

  test("any damage to a good message: refused or decoded, nothing else", () => {
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
