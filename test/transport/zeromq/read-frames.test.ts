import { expect, test } from "vitest";
import type * as zmq from "zeromq";
import { readFrames } from "../../../src/transport/zeromq/read-frames.ts";

test("A socket that always has a message leaves turns to the event loop", async () => {
  let taken = 0;
  const socket = { closed: false, receive: async () => [Buffer.alloc(1)] };
  const turn = setImmediate(() => {
    socket.closed = true;
  });
  await readFrames(socket as unknown as zmq.Router, () => {
    taken += 1;
    const until = performance.now() + 1;
    while (performance.now() < until);
    if (taken > 1000) socket.closed = true;
  });
  clearImmediate(turn);
  expect(taken).toBeLessThan(100);
});
