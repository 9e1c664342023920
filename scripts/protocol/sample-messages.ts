import { encodeErrorDetail } from "../../src/protocol/error-detail.ts";
import { seqOf } from "../../src/protocol/generation.ts";
import type { Message } from "../../src/protocol/message.ts";
import { encodeValue } from "../../src/protocol/payload/payload.ts";

/** A message with what it shows. */
interface Sample {
  readonly name: string;
  readonly message: Message;
  /** Payloads are cut into frames, as only large ones are otherwise: a receiver has to take that. */
  readonly isSplit?: true;
}

const runId = "5f0c2a9be1d34c77";
const taskType = "square";
const workerId = "host-4711-0a1b2c3d";
const ticket = "8f14e45fceea167a5a36dedd4bea2543";
const payload = (value: unknown) => encodeValue(value, "sample");
const error = {
  name: "RangeError",
  message: "n is too large",
  stack: "RangeError: n is too large",
  code: "",
};
const context = "traceparent=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const item = (seq: number, value: unknown, attempt = 1) => ({ seq, attempt, payload: payload(value) });

/** At least one message of each type, and those that show a rule. */
export const SAMPLE_MESSAGES: readonly Sample[] = [
  { name: "a refusal", message: { type: "refuse", runId, reason: 'no task "cube" is registered' } },
  {
    name: "a worker's first hello",
    message: { type: "hello", runId: "", role: "worker", peerId: workerId, taskType, ticket: "", held: [] },
  },
  {
    name: "a worker that comes back and has three items, one of them in its second attempt",
    message: {
      type: "hello",
      runId,
      role: "worker",
      peerId: workerId,
      taskType,
      ticket,
      held: [
        { seq: 7, attempt: 1 },
        { seq: 5, attempt: 2 },
        { seq: 300, attempt: 1 },
      ],
    },
  },
  {
    name: "a metadata worker's hello",
    message: {
      type: "hello",
      runId: "",
      role: "metadataworker",
      peerId: "host-4712",
      taskType: "",
      ticket: "",
      held: [],
    },
  },
  {
    name: "the hello of a service's worker",
    message: {
      type: "hello",
      runId: "",
      role: "serviceworker",
      peerId: workerId,
      taskType,
      ticket: "",
      held: [],
    },
  },
  {
    name: "the hello of a service's client",
    message: {
      type: "hello",
      runId: "",
      role: "serviceclient",
      peerId: "client-a",
      taskType: "",
      ticket: "",
      held: [],
    },
  },
  {
    name: "a distributor's welcome with metadata",
    message: {
      type: "welcome",
      runId,
      role: "distributor",
      peerId: "distributor-4700-99",
      timeoutMs: 30_000,
      ticket,
      context,
      metadata: payload({ scale: 10 }),
    },
  },
  {
    name: "a collector's welcome",
    message: {
      type: "welcome",
      runId,
      role: "collector",
      peerId: "collector-4701",
      timeoutMs: 0,
      ticket: "",
      context: "",
      metadata: payload({}),
    },
  },
  {
    name: "a run is opened at the collector",
    message: {
      type: "open",
      runId,
      peerId: "distributor-4700-secret",
      tasks: ["square", "sum"],
      trust: "any",
      context: "",
      metadata: payload({ scale: 10 }),
    },
  },
  {
    name: "three items exist, one that is executed again, and there will be no more",
    message: { type: "produced", runId, taskType, count: 3, all: true, again: [seqOf(1, 1)] },
  },
  {
    name: "a worker was given three items, one of them for the second time since it had failed for good",
    message: { type: "assigned", runId, taskType, workerId, ticket, seqs: [4, 5, seqOf(1, 1)] },
  },
  { name: "ready for two items at a time", message: { type: "ready", runId, concurrency: 2 } },
  {
    name: "three items; the payload of the last is empty",
    message: {
      type: "grant",
      runId,
      solo: false,
      settled: [],
      failuresSeen: [],
      items: [item(0, { n: 3 }), item(1, { n: 4 }), item(2, {})],
    },
  },
  {
    name: "two results and a failure are confirmed, and nothing is granted",
    message: {
      type: "grant",
      runId,
      solo: false,
      settled: [4, 3],
      failuresSeen: [{ seq: 9, attempt: 2 }],
      items: [],
    },
  },
  {
    name: "a suspect alone, in its second generation",
    message: {
      type: "grant",
      runId,
      solo: true,
      settled: [],
      failuresSeen: [],
      items: [item(seqOf(6, 1), "a text", 3)],
    },
  },
  { name: "up to five items are asked back", message: { type: "recall", runId, count: 5 } },
  {
    name: "two attempts are taken back",
    message: {
      type: "revoke",
      runId,
      items: [
        { seq: 12, attempt: 1 },
        { seq: 10, attempt: 4 },
      ],
    },
  },
  { name: "nothing is given back", message: { type: "returned", runId, leaving: false, items: [] } },
  {
    name: "a worker that leaves gives back an item",
    message: { type: "returned", runId, leaving: true, items: [{ seq: 12, attempt: 1 }] },
  },
  { name: "a failed attempt", message: { type: "fail", runId, seq: 7, attempt: 1, retryable: true, error } },
  {
    name: "a failed attempt of no second try, with the error's code, cause and own properties",
    message: {
      type: "fail",
      runId,
      seq: 8,
      attempt: 3,
      retryable: false,
      error: { ...error, code: "TOO_LARGE", detail: detail() },
    },
  },
  {
    name: "two results; the handlers took 4.035 ms",
    message: {
      type: "result",
      runId,
      taskType,
      workerId,
      ticket,
      busyMs: 4.035,
      items: [item(0, { square: 9 }), item(1, { square: 16 })],
    },
  },
  {
    name: "results that are sent again, their payloads cut into frames in other places, which a receiver has to take",
    isSplit: true,
    message: {
      type: "result",
      runId,
      taskType,
      workerId,
      ticket,
      busyMs: 0,
      items: [item(2, 1), item(3, {}), item(4, "four")],
    },
  },
  {
    name: "an item that failed for good",
    message: { type: "failed", runId, taskType, seq: 7, attempts: 3, error, payload: payload({ n: 5 }) },
  },
  {
    name: "two results are handled",
    message: {
      type: "ack",
      runId,
      taskType,
      workerId,
      busyMs: 4.035,
      bytes: 22,
      seqs: [0, 1],
      ackSeq: 1,
      ackData: payload({ rows: 2 }),
    },
  },
  { name: "metadata", message: { type: "metadata", runId, payload: payload({ scale: 10 }) } },
  { name: "the end of a complete run", message: { type: "end", runId, status: "complete", reason: "" } },
  {
    name: "the end of a run that was given up",
    message: { type: "end", runId, status: "aborted", reason: "the journal's disk is full" },
  },
  ...(["ping", "pong", "bye", "ended", "accepted", "resend"] as const).map((type) => ({
    name: type,
    message: { type, runId },
  })),
  ...(["sync", "synced"] as const).map((type) => ({
    name: type,
    message: { type, runId: "", number: 2 ** 47 + 5 },
  })),
  {
    name: "two requests of a client",
    message: {
      type: "request",
      runId,
      taskType,
      timeoutMs: 5000,
      idempotent: true,
      context: "",
      items: [item(10, { n: 3 }), item(11, { n: 4 })],
    },
  },
  {
    name: "two requests of two clients, one of them traced",
    message: {
      type: "assign",
      runId,
      clients: ["client-a", "client-b"],
      items: [
        { ...item(100, { n: 3 }), clientIndex: 0, clientSeq: 10, context: "" },
        { ...item(101, { n: 4 }), clientIndex: 1, clientSeq: 3, context },
      ],
    },
  },
  {
    name: "requests without trace contexts, whose origins have no index of one",
    message: {
      type: "assign",
      runId,
      clients: ["client-a"],
      items: [{ ...item(102, 1), clientIndex: 0, clientSeq: 11, context: "" }],
    },
  },
  { name: "a reply", message: { type: "reply", runId, busyMs: 0.25, items: [item(100, { square: 9 })] } },
  {
    name: "a request that failed",
    message: { type: "failure", runId, origin: "handler", error, items: [{ seq: 101, attempt: 1 }] },
  },
  {
    name: "a request that nobody waits for",
    message: { type: "cancel", runId, items: [{ seq: 100, attempt: 1 }] },
  },
  {
    name: "an inspector asks for the run",
    message: { type: "inspect", runId: "", taskType: "", seq: undefined },
  },
  { name: "an inspector asks for item 4", message: { type: "inspect", runId, taskType, seq: 4 } },
  { name: "a report", message: { type: "report", runId, payload: payload({ schema: 1 }) } },
  {
    name: "a worker is stuck in an item",
    message: { type: "blocked", runId, workerId, ticket, expired: false, running: [{ seq: 7, attempt: 1 }] },
  },
];

function detail(): Uint8Array {
  const cause = Object.assign(new Error("the limit is 1000"), { stack: "Error: the limit is 1000" });
  return encodeErrorDetail(Object.assign(new Error("", { cause }), { limit: 1000 })) ?? new Uint8Array();
}
