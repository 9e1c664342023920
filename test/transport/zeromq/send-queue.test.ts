import { describe, expect, onTestFinished, test } from "vitest";
import { decodeMessage, MESSAGE_TYPES } from "../../../src/protocol/wire/codec.ts";
import { SendQueue } from "../../../src/transport/zeromq/send-queue.ts";

const MIB = 2 ** 20;

/** A ROUTER's socket as far as a queue sees it: one send at a time; some peers are gone, the pipes of others are full. */
class FakeSocket {
  closed = false;
  readonly sent: string[] = [];
  readonly gone = new Set<string>();
  readonly full = new Set<string>();
  concurrent = 0;
  #isSending = false;
  readonly #asked: [string, Uint8Array][] = [];

  send([peer = new Uint8Array(), body = new Uint8Array()]: Uint8Array[]): Promise<void> {
    if (this.#isSending) {
      this.concurrent += 1;
      throw Object.assign(new Error("busy"), { code: "EBUSY" });
    }
    this.#isSending = true;
    const [to, text] = [String(Buffer.from(peer)), body.length > 1000 ? "large" : String(Buffer.from(body))];
    return Promise.resolve().then(() => {
      this.#isSending = false;
      if (this.gone.has(to)) throw Object.assign(new Error("gone"), { code: "EHOSTUNREACH" });
      if (this.full.has(to)) throw Object.assign(new Error("full"), { code: "EAGAIN" });
      this.sent.push(`${to}${text}`);
      if (isQuestion(body)) this.#asked.push([to, body]);
    });
  }

  /** How many large messages a peer was sent. */
  large(peer: string): number {
    return this.sent.filter((text) => text === `${peer}large`).length;
  }

  /** The numbers that a peer was asked to confirm. */
  questions(peer: string): number[] {
    return this.#asked
      .filter(([to]) => to === peer)
      .map(([, body]) => (decodeMessage([body]) as { number: number }).number);
  }
}

function isQuestion(body: Uint8Array): boolean {
  return body.length > 5 && body[0] === 0x5a && MESSAGE_TYPES[body[4] ?? 0] === "sync";
}

interface Told {
  gone?(connection: string): void;
  stalled?(connection: string): void;
  overrun?(): void;
}

function queueOf(socket: FakeSocket, told: Told = {}) {
  const queue = new SendQueue(socket, {
    gone: told.gone ?? (() => {}),
    stalled: told.stalled ?? (() => {}),
    overrun: told.overrun ?? (() => {}),
    frames: (connection, sync) => [Buffer.from(connection), ...sync],
  });
  onTestFinished(async () => {
    socket.closed = true;
    await queue.finish();
  });
  const push = (to: string, text: string) => queue.push(to, [Buffer.from(to), Buffer.from(text)]);
  const large = (to: string, bytes: number) => queue.push(to, [Buffer.from(to), Buffer.alloc(bytes, "L")]);
  return { queue, push, large };
}

test("A SendQueue sends messages one at a time, in order", async () => {
  const socket = new FakeSocket();
  const { queue, push } = queueOf(socket);
  for (let n = 0; n < 200; n++) push("a", String(n));
  await queue.finish();
  expect(socket.sent).toEqual(Array.from({ length: 200 }, (_, n) => `a${n}`));
  expect(socket.concurrent).toBe(0);
});

test("A SendQueue sends the messages that the loss of a peer causes behind those that wait, never beside them", async () => {
  const socket = new FakeSocket();
  socket.gone.add("x");
  const lost: string[] = [];
  const { queue, push } = queueOf(socket, {
    gone(connection) {
      lost.push(connection);
      push("b", "after");
      push("c", "after");
    },
  });
  push("x", "1");
  push("a", "1");
  push("x", "2");
  push("a", "2");
  await queue.finish();
  expect(lost).toEqual(["x", "x"]);
  expect(socket.sent).toEqual(["a1", "a2", "bafter", "cafter", "bafter", "cafter"]);
  expect(socket.concurrent).toBe(0);
});

test("A SendQueue holds back the messages of a full pipe only, and keeps their order", async () => {
  const socket = new FakeSocket();
  socket.full.add("x");
  const { queue, push } = queueOf(socket);
  for (const n of [1, 2, 3]) {
    push("x", String(n));
    push("a", String(n));
  }
  await expect.poll(() => socket.sent).toEqual(["a1", "a2", "a3"]);
  socket.full.clear();
  push("x", "4");
  await queue.finish();
  expect(socket.sent.slice(3)).toEqual(["x1", "x2", "x3", "x4"]);
  expect(socket.concurrent).toBe(0);
});

describe("A SendQueue whose peer does not read", () => {
  test("asks it after 4 MiB, keeps what comes after 16 MiB, and sends the rest in order when it has confirmed", async () => {
    const socket = new FakeSocket();
    const { queue, push, large } = queueOf(socket);
    for (let n = 0; n < 6; n++) large("x", 4 * MIB);
    push("x", "last");
    push("a", "1");
    await expect.poll(() => socket.sent.at(-1)).toBe("a1");
    expect(socket.large("x")).toBe(4);
    const [number = -1, ...more] = socket.questions("x");
    expect(more).toEqual([]);
    expect(queue.confirm("x", number + 1)).toBe(false);
    expect(queue.confirm("y", number)).toBe(false);
    await Promise.resolve();
    expect(socket.large("x")).toBe(4);
    expect(queue.confirm("x", number)).toBe(true); // it has read the first
    await expect.poll(() => socket.large("x")).toBe(5);
    expect(queue.confirm("x", number)).toBe(false); // it was asked once
    const [, second = -1] = socket.questions("x");
    expect(queue.confirm("x", second)).toBe(true);
    await expect.poll(() => socket.sent).toContain("xlast");
    expect(socket.sent.filter((text) => text === "xlarge" || text === "xlast").at(-1)).toBe("xlast");
    expect(socket.large("x")).toBe(6);
    expect(socket.concurrent).toBe(0);
  });

  test("takes an answer for each question that it repeated, also when nothing is unread any more, and no further one", async () => {
    const socket = new FakeSocket();
    const { queue, large } = queueOf(socket);
    large("x", 4 * MIB);
    await expect.poll(() => socket.questions("x").length, { timeout: 5000 }).toBe(3);
    const [number = -1] = socket.questions("x");
    for (let answer = 0; answer < 3; answer++) expect(queue.confirm("x", number)).toBe(true);
    expect(queue.confirm("x", number)).toBe(false);
  });

  test("asks it again each second, and so learns that it is gone", async () => {
    const socket = new FakeSocket();
    const lost: string[] = [];
    const { large } = queueOf(socket, { gone: (connection) => lost.push(connection) });
    for (let n = 0; n < 6; n++) large("x", 4 * MIB);
    await expect.poll(() => socket.questions("x").length, { timeout: 5000 }).toBe(2);
    expect(new Set(socket.questions("x")).size).toBe(1);
    socket.gone.add("x");
    await expect.poll(() => lost, { timeout: 5000 }).toEqual(["x"]);
  });

  test("gives it up when more than 512 MiB wait for it, and no other; it can be told so", async () => {
    const socket = new FakeSocket();
    const stalled: string[] = [];
    const { push, large } = queueOf(socket, {
      stalled(connection) {
        stalled.push(connection);
        push(connection, "refused");
        push("a", "told");
      },
    });
    for (let n = 0; n < 130; n++) large("x", 4 * MIB);
    push("a", "1");
    await expect.poll(() => stalled).toEqual(["x"]);
    await expect.poll(() => socket.sent.filter((text) => text.startsWith("a"))).toEqual(["a1", "atold"]);
    expect(socket.sent).toContain("xrefused");
    expect(socket.concurrent).toBe(0);
  });

  test("gives up the one with the most when 4 GiB wait for all, and ends all connections when ZeroMQ keeps 1 GiB for such peers", async () => {
    const socket = new FakeSocket();
    const shared = Buffer.alloc(32 * MIB); // one piece of memory for all messages
    const stalled: string[] = [];
    let overruns = 0;
    const { queue } = queueOf(socket, {
      stalled: (connection) => void stalled.push(connection),
      overrun() {
        overruns += 1;
      },
    });
    const peers = Array.from({ length: 10 }, (_, n) => `p${n}`);
    for (let n = 0; n < 13; n++) for (const peer of peers) queue.push(peer, [Buffer.from(peer), shared]);
    queue.push("p3", [Buffer.from("p3"), shared]);
    await expect.poll(() => stalled.length).toBeGreaterThan(0);
    expect(overruns).toBe(0);
    for (let n = 0; n < 40; n++)
      for (let times = 0; times < 17; times++) queue.push(`q${n}`, [Buffer.from(`q${n}`), shared]);
    await expect.poll(() => overruns).toBeGreaterThan(0);
  });
});
