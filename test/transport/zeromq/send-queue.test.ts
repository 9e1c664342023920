import { expect, test } from "vitest";
import { SendQueue } from "../../../src/transport/zeromq/send-queue.ts";

/** A ROUTER's socket as far as a queue sees it: one send at a time; some peers are gone, the pipes of others are full. */
class FakeSocket {
  closed = false;
  readonly sent: string[] = [];
  readonly gone = new Set<string>();
  readonly full = new Set<string>();
  concurrent = 0;
  #isSending = false;

  send([peer = new Uint8Array(), body = new Uint8Array()]: Uint8Array[]): Promise<void> {
    if (this.#isSending) {
      this.concurrent += 1;
      throw Object.assign(new Error("busy"), { code: "EBUSY" });
    }
    this.#isSending = true;
    const [to, text] = [String(Buffer.from(peer)), String(Buffer.from(body))];
    return Promise.resolve().then(() => {
      this.#isSending = false;
      if (this.gone.has(to)) throw Object.assign(new Error("gone"), { code: "EHOSTUNREACH" });
      if (this.full.has(to)) throw Object.assign(new Error("full"), { code: "EAGAIN" });
      this.sent.push(`${to}${text}`);
    });
  }
}

function queueOf(socket: FakeSocket, onGone: (connection: string) => void = () => {}) {
  const queue = new SendQueue(socket, onGone);
  const push = (to: string, text: string) => queue.push(to, [Buffer.from(to), Buffer.from(text)]);
  return { queue, push };
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
  const { queue, push } = queueOf(socket, (connection) => {
    lost.push(connection);
    push("b", "after");
    push("c", "after");
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

test("A SendQueue drops a peer that does not read when too much waits for it, and no other", async () => {
  const socket = new FakeSocket();
  socket.full.add("x");
  const lost: string[] = [];
  const { queue, push } = queueOf(socket, (connection) => {
    lost.push(connection);
    push("a", "told");
  });
  const large = Buffer.alloc(20 * 1024 * 1024);
  for (let n = 0; n < 4; n++) queue.push("x", [Buffer.from("x"), large]);
  push("a", "1");
  await expect.poll(() => socket.sent).toEqual(["a1", "atold"]);
  expect(lost).toEqual(["x"]);
  await queue.finish();
  expect(socket.concurrent).toBe(0);
});
