import fc from "fast-check";
import { MAX_CONCURRENCY, MAX_REFS } from "../../src/protocol/bounds.ts";
import { MAX_ATTEMPT, MAX_SEQ } from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";
import { isName } from "../../src/protocol/name.ts";

/** Arbitrary values from which the fields of messages are drawn. */
export interface MessageParts {
  readonly name: fc.Arbitrary<string>;
  readonly count: fc.Arbitrary<number>;
  readonly seq: fc.Arbitrary<number>;
  readonly attempt: fc.Arbitrary<number>;
  readonly bytes: fc.Arbitrary<Uint8Array>;
}

/** Names that a message can hold. */
export const anyName = (maxLength: number): fc.Arbitrary<string> => fc.string({ maxLength }).filter(isName);

/** All values that a message can hold. */
export const ANYTHING: MessageParts = {
  name: anyName(40),
  count: fc.maxSafeInteger().map(Math.abs),
  seq: fc.oneof(fc.nat(), fc.integer({ min: 0, max: MAX_SEQ })),
  attempt: fc.integer({ min: 0, max: MAX_ATTEMPT }),
  bytes: fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.constant(new Uint8Array(32 * 1024))),
};

/** Arbitrary messages of batches, services and inspection. */
export function arbitraryMessages({ name, count, seq, attempt, bytes }: MessageParts): {
  readonly batch: fc.Arbitrary<Message>;
  readonly service: fc.Arbitrary<Message>;
  readonly inspection: fc.Arbitrary<Message>;
} {
  const ref = fc.record({ seq, attempt });
  const item = fc.record({ seq, attempt, payload: bytes });
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
  const duration = fc.nat().map((micros) => micros / 1000);
  const of = <T extends Message["type"]>(type: T) => ({ type: fc.constant(type), runId: name });

  const batch: fc.Arbitrary<Message> = fc.oneof(
    fc.oneof(
      fc.record({ ...of("hello"), role, peerId: name, taskType: name, ticket: name, held: fc.constant([]) }),
      fc.record({
        ...of("hello"),
        role: fc.constant("worker" as const),
        peerId: name,
        taskType: name,
        ticket: name,
        held: fc.array(ref),
      }),
    ),
    fc.record({
      ...of("welcome"),
      role,
      peerId: name,
      timeoutMs: count,
      ticket: name,
      context: name,
      metadata: bytes,
    }),
    fc.record({ ...of("refuse"), reason: name }),
    fc.record({
      ...of("open"),
      peerId: name,
      tasks: fc.array(name),
      trust: fc.constantFrom("any" as const, "assigned" as const),
      context: name,
      metadata: bytes,
    }),
    fc.record({ ...of("produced"), taskType: name, count, all: fc.boolean(), again: fc.array(seq) }),
    fc.record({ ...of("assigned"), taskType: name, workerId: name, ticket: name, seqs: fc.array(seq) }),
    fc.record({ ...of("ready"), concurrency: fc.integer({ min: 1, max: MAX_CONCURRENCY }) }),
    fc.record({
      ...of("grant"),
      solo: fc.boolean(),
      settled: fc.array(seq),
      failuresSeen: fc.array(ref),
      items: fc.array(item),
    }),
    fc.record({ ...of("recall"), count: count.map((many) => Math.min(many, MAX_REFS)) }),
    fc.record({ ...of("revoke"), items: fc.array(ref) }),
    fc.record({ ...of("returned"), leaving: fc.boolean(), items: fc.array(ref) }),
    fc.record({
      ...of("blocked"),
      workerId: name,
      ticket: name,
      expired: fc.boolean(),
      running: fc.array(ref),
    }),
    fc.record({ ...of("fail"), seq, attempt, retryable: fc.boolean(), error }),
    fc.record({
      ...of("result"),
      taskType: name,
      workerId: name,
      ticket: name,
      busyMs: duration,
      items: fc.array(item),
    }),
    fc.record({ ...of("failed"), taskType: name, seq, attempts: count, error, payload: bytes }),
    fc.record({
      ...of("ack"),
      taskType: name,
      workerId: name,
      busyMs: duration,
      bytes: count,
      seqs: fc.array(seq),
      ackSeq: seq,
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
          attempt,
          payload: bytes,
          clientIndex: fc.nat({ max: clients.length - 1 }),
          clientSeq: seq,
          context: name,
        }),
      ),
    }),
  );

  const service: fc.Arbitrary<Message> = fc.oneof(
    assign,
    fc.record({
      ...of("request"),
      taskType: name,
      timeoutMs: count,
      idempotent: fc.boolean(),
      context: name,
      items: fc.array(item),
    }),
    fc.record({ ...of("reply"), busyMs: duration, items: fc.array(item) }),
    fc.record({
      ...of("failure"),
      items: fc.array(ref),
      origin: fc.constantFrom("handler" as const, "worker" as const, "service" as const),
      error,
    }),
    fc.record({ ...of("cancel"), items: fc.array(ref) }),
  );

  const inspection: fc.Arbitrary<Message> = fc.oneof(
    fc.record({ ...of("inspect"), taskType: name, seq: fc.option(seq, { nil: undefined }) }),
    fc.record({ ...of("report"), payload: bytes }),
  );

  return { batch, service, inspection };
}

/** One message of each kind. */
export function oneOfEachKind(parts: MessageParts): readonly Message[] {
  const { batch, service, inspection } = arbitraryMessages(parts);
  const sampled = fc.sample(fc.oneof(batch, service, inspection), { numRuns: 3000, seed: 1 });
  return [...new Map(sampled.map((message) => [message.type, message])).values()];
}
