import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { Security } from "../../../src/index.ts";
import { MAX_FRAME_BYTES } from "../../../src/protocol/limits.ts";
import { listenKeys } from "../../../src/security/security.ts";
import type { ListenOptions } from "../../../src/transport/transport.ts";
import { zeromqTransport } from "../../../src/transport/zeromq/zeromq-transport.ts";
import { freePort } from "../../support/endpoints.ts";
import { address } from "../../support/endpoints-of.ts";
import { claim, handshake } from "../../support/hostile.ts";

/** A listener, and why it has refused peers and messages. */
async function listen(options: Partial<ListenOptions> = {}) {
  const port = await freePort();
  const refusals: string[] = [];
  const handler = {
    onMessage: () => {},
    onDisconnected: () => {},
    onSomeDisconnected: () => {},
    onRefused: (reason: string) => void refusals.push(reason),
  };
  const endpoint = address(`tcp://localhost:${port}`);
  const defaults = { maxConnections: 10, keys: undefined };
  const listener = await zeromqTransport.listen(endpoint, handler, { ...defaults, ...options });
  onTestFinished(() => listener.close());
  return { port, refusals };
}

/** Somebody who connects and sends bytes; gone when the test ends. */
async function peer(port: number, ...bytes: readonly Uint8Array[]): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  for (const part of bytes) socket.write(part);
  return socket.resume();
}

describe("A listener closes a connection", () => {
  test("with a frame that is longer than a frame may be, at its claim; one that is as long is read", async () => {
    const { port, refusals } = await listen();
    const long = await peer(port, handshake, claim(0, MAX_FRAME_BYTES + 1));
    await once(long, "close");
    expect(refusals).toEqual([]); // nothing was read of it
    const allowed = await peer(port, handshake, claim(0, MAX_FRAME_BYTES), Buffer.alloc(MAX_FRAME_BYTES));
    const before = refusals.length;
    await expect.poll(() => refusals.length, { timeout: 10_000 }).toBeGreaterThan(before);
    expect(allowed.closed).toBe(false);
  });

  test("of a peer that answers no heartbeat, and not before 4 s", async () => {
    const { port } = await listen();
    const begun = performance.now();
    const dead = await peer(port, handshake);
    await once(dead, "close");
    expect(performance.now() - begun).toBeGreaterThan(4000);
  });
});

test("With keys a listener ends all connections when more than twice maxConnections have not shown theirs", async () => {
  const keys = Security.generate()[listenKeys]("collector", ["worker"]);
  const { port, refusals } = await listen({ maxConnections: 2, keys });
  const strangers: Socket[] = [];
  for (let count = 0; count < 4; count++) strangers.push(await peer(port));
  const isClosed = () => strangers.map(({ closed }) => closed);
  expect(refusals).toEqual([]);
  await peer(port).then((fifth) => strangers.push(fifth));
  await expect.poll(isClosed).toEqual([true, true, true, true, true]);
  expect(refusals).toEqual(["there are 5 connections, more than maxConnections allows"]);
});
