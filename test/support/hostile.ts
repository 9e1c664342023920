import { connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import * as zmq from "zeromq";
import { PROTOCOL_VERSION } from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";
import { encodeMessage } from "../../src/protocol/wire/codec.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";

/** A text in every attack that has room for it. No log may contain the text. */
export const SECRET = "a-secret-of-the-payload";
const secret = Buffer.from(SECRET);

const zeros = (count: number) => Buffer.alloc(count);
const of = (...bytes: number[]) => Buffer.from(bytes);

function greeting(minor: number, mechanism: string): Buffer {
  const name = Buffer.concat([Buffer.from(mechanism), zeros(20)]).subarray(0, 20);
  return Buffer.concat([of(0xff), zeros(8), of(0x7f, 3, minor), name, zeros(32)]);
}

const property = (name: string, value: string) =>
  Buffer.concat([of(name.length), Buffer.from(name), of(0, 0, 0, value.length), Buffer.from(value)]);
const ready = Buffer.concat([
  of(5),
  Buffer.from("READY"),
  property("Socket-Type", "DEALER"),
  property("Identity", ""),
]);
/** ZMTP 3's handshake without security, sent by a peer that does not wait for answers. */
export const handshake = Buffer.concat([greeting(0, "NULL"), of(4, ready.length), ready]);

export const claim = (high: number, low: number) => {
  const frame = Buffer.alloc(9);
  frame[0] = 2; // a long frame, the last of its message
  frame.writeUInt32BE(high, 1);
  frame.writeUInt32BE(low, 5);
  return frame;
};

const random = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919 + (i >> 3)) % 251));

/** Attacks by name: the bytes that are sent to a port. */
const RAW_ATTACKS: readonly (readonly [string, Uint8Array])[] = [
  ["random bytes", Buffer.concat([random, secret])],
  ["nothing but zeros", zeros(3000)],
  [
    "HTTP",
    Buffer.from(`POST /${SECRET} HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\n${"A".repeat(400)}`),
  ],
  ["TLS", Buffer.concat([of(0x16, 3, 1, 1, 0xfc, 1, 0, 1, 0xf8, 3, 3), random.subarray(0, 500)])],
  ["ZMTP 1.0", Buffer.concat([of(1, 0), of(secret.length + 1, 0), secret])],
  ["ZMTP 2.0", Buffer.concat([of(0xff), zeros(8), of(0x7f, 1, 5, 0, 0), of(0, secret.length), secret])],
  ["half a greeting", greeting(0, "NULL").subarray(0, 20)],
  ["another mechanism", greeting(0, "PLAIN")],
  ["CURVE where there is none", greeting(0, "CURVE")],
  [
    "a handshake that goes nowhere",
    Buffer.concat([greeting(1, "NULL"), of(4, 9, 5), Buffer.from("ERROR"), of(2, 65)]),
  ],
  ["a frame that claims 1 GB", Buffer.concat([handshake, claim(0, 2 ** 30), secret])],
  ["a frame that claims 2^62 bytes", Buffer.concat([handshake, claim(2 ** 30, 0), secret])],
  ["a command that nobody knows", Buffer.concat([handshake, of(4, 6, 5), Buffer.from("HELLO"), secret])],
  [
    "a message that never ends",
    Buffer.concat([handshake, ...Array.from({ length: 500 }, () => of(1, 1, 65))]),
  ],
];

/** Sends bytes to a port, and waits until the other side ends the connection or the time is over. */
function throwBytes(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(bytes));
    socket.setTimeout(200, () => socket.destroy());
    socket.on("error", () => {}); // a refused connection is the expected outcome
    socket.resume().once("close", () => resolve());
  });
}

const nested = (depth: number) => Buffer.concat([of(0x81, 0xa1, 0x61), Buffer.alloc(depth, 0x91), of(0xc0)]);

/** Payloads that must not be decoded. */
export const PAYLOADS: readonly Uint8Array[] = [
  nested(5000),
  Buffer.concat([of(0x81, 0xa9), Buffer.from("__proto__"), of(0x81, 0xa1, 0x61, 1)]),
  Buffer.concat([of(0x81, 0xa1, 0x61, 0xd4, 0x72, 0x40), of(0x91, 0xa1, 0x62), of(0xc0)]), // a record
  Buffer.concat([of(0x81, 0xa1, 0x61, 0xc7, 3, 0x78), of(0x92, 0xc0, 0xc0)]), // a RegExp
  Buffer.concat([of(0x81, 0xa1, 0x61, 0xd4, 0x65, 0)]), // an Error
  of(0xdf, 0xff, 0xff, 0xff, 0xff),
  Buffer.concat([of(0x81, 0xa1, 0x61, 0xdb, 0xff, 0xff, 0xff, 0xff), secret]),
  Buffer.concat([secret, secret]),
];

const error = { name: SECRET, message: SECRET, stack: SECRET, code: SECRET };
const item = (payload: Uint8Array) => ({ seq: 2 ** 51, attempt: 2 ** 50, payload });

/** Well-formed frames that hold no message of the library, or a message of the wrong direction. */
function frameAttacks(runId: string): Uint8Array[][] {
  const wrongVersion = Buffer.from(encodeMessage({ type: "ping", runId })[0] ?? EMPTY);
  wrongVersion[3] = PROTOCOL_VERSION + 1;
  const wrongMagic = Buffer.from(encodeMessage({ type: "ping", runId })[0] ?? EMPTY);
  wrongMagic[0] = 1;
  const messages: Message[] = [
    { type: "end", runId, status: "aborted", reason: SECRET },
    {
      type: "ack",
      runId,
      taskType: "numbers",
      workerId: "x",
      busyMs: 1,
      bytes: 1,
      seqs: [2 ** 51, 0],
      ackSeq: 0,
      ackData: secret,
    },
    ...PAYLOADS.map(
      (payload): Message => ({
        type: "result",
        runId,
        taskType: "numbers",
        workerId: "x",
        ticket: "",
        busyMs: 1,
        items: [item(payload)],
      }),
    ),
    { type: "failed", runId, taskType: "numbers", seq: 1, attempts: 1, error, payload: secret },
    { type: "fail", runId, seq: 1, attempt: 1, retryable: false, error },
    { type: "returned", runId, leaving: true, items: [{ seq: 2 ** 51, attempt: 1 }] },
    {
      type: "hello",
      runId,
      role: "worker",
      peerId: "x",
      taskType: "numbers",
      ticket: "",
      held: [{ seq: 2 ** 51, attempt: 1 }],
    },
    { type: "ready", runId, concurrency: 2 ** 50 },
    {
      type: "request",
      runId,
      taskType: SECRET,
      timeoutMs: 1,
      idempotent: true,
      context: "",
      items: [item(secret)],
    },
    { type: "reply", runId, busyMs: 1, items: [item(secret)] },
    { type: "cancel", runId, items: [{ seq: 2 ** 51, attempt: 1 }] },
    { type: "bye", runId },
  ];
  return [
    [secret],
    [EMPTY],
    [Buffer.alloc(100_000, 0xff)],
    [wrongMagic],
    [wrongVersion],
    [Buffer.concat([of(0x5a, 0x51, 0x50, 1, 5, 0xff, 0xff, 0xff, 0xff), secret])],
    [Buffer.concat([encodeMessage({ type: "ping", runId })[0] ?? EMPTY, secret])],
    Array.from({ length: 200 }, () => of(1)),
    ...messages.map(encodeMessage),
  ];
}

const loopback = (endpoint: string) => endpoint.replace("localhost", "127.0.0.1");
const portOf = (endpoint: string) => Number(new URL(endpoint).port);

/** Sends bytes that are no message to a listener. */
export async function throwEverything(endpoint: string): Promise<void> {
  await Promise.all(RAW_ATTACKS.map(([, bytes]) => throwBytes(portOf(endpoint), bytes)));
}

/** Makes all attacks on a listener. */
export async function attackListener(endpoint: string, runId = "another run"): Promise<void> {
  await throwEverything(endpoint);
  const dealer = new zmq.Dealer({ linger: 0, sendTimeout: 500 });
  dealer.connect(loopback(endpoint));
  for (const frames of frameAttacks(runId)) await dealer.send(frames);
  await new Promise((resolve) => setTimeout(resolve, 100)); // sent, not only queued
  dealer.close();
}

/** Opens many connections at once; half of them stay silent and open. */
export async function flood(endpoint: string, count: number): Promise<void> {
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const opened = Array.from({ length: count }, (_, number) => {
    const socket = connect(portOf(endpoint), "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    sockets.push(socket);
    return new Promise<void>((resolve) => {
      socket.once("connect", () => {
        if (number % 2 === 0) socket.destroy();
        else socket.write(greeting(0, "NULL").subarray(0, number % 60));
        resolve();
      });
      socket.once("close", () => resolve());
    });
  });
  await Promise.all(opened);
}

/** A server in the place of a good peer, which answers every message or connection with attacks. */
export class HostileServer {
  readonly #router = new zmq.Router({ linger: 0, mandatory: false });
  #raw: Server | undefined;
  /** How many messages or connections have reached the server. */
  heard = 0;

  static async listen(endpoint: string): Promise<HostileServer> {
    const server = new HostileServer();
    await server.#router.bind(loopback(endpoint));
    onTestFinished(() => server.#router.close());
    void server.#serve();
    return server;
  }

  /** Starts a server that does not speak ZeroMQ. */
  static async listenRaw(endpoint: string): Promise<HostileServer> {
    const server = new HostileServer();
    server.#router.close();
    server.#raw = createServer((socket) => {
      socket.on("error", () => {});
      const [, bytes] = RAW_ATTACKS[server.heard++ % RAW_ATTACKS.length] ?? [];
      if (bytes !== undefined) socket.end(bytes);
    });
    await new Promise<void>((resolve) => server.#raw?.listen(portOf(endpoint), "127.0.0.1", resolve));
    onTestFinished(() => void server.#raw?.close());
    return server;
  }

  async #serve(): Promise<void> {
    try {
      for await (const [id, ...frames] of this.#router) {
        this.heard += 1;
        if (id === undefined || frames.length === 0) continue;
        for (const attack of frameAttacks("another run")) await this.#router.send([id, ...attack]);
      }
    } catch (error) {
      if (!this.#router.closed) throw error;
    }
  }
}
