import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { encodeMessage } from "../../src/protocol/wire/codec.ts";
import { serviceEndpoints } from "../support/endpoints.ts";
import { handshake } from "../support/hostile.ts";
import { long } from "../support/long.ts";
import { TestProcess } from "../support/processes.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";

const BUSY_SERVICE = fileURLToPath(new URL("../fixtures/busy-service.mjs", import.meta.url));

/** How many messages are sent at a time, and how often. */
const BURST = 1000;
const BURSTS = 300;

/** A message of one frame, as ZMTP 3 sends it. */
function framed(message: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0, message.length), message]);
}

/** Sends until the listener takes nothing more for a while, and resets the connection. */
async function floodAndReset(endpoint: string): Promise<void> {
  const socket = connect(Number(endpoint.split(":").at(-1)), "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(handshake);
  const [cancel = Buffer.alloc(0)] = encodeMessage({ type: "cancel", runId: "", items: [] });
  const burst = Buffer.concat(Array.from({ length: BURST }, () => framed(cancel)));
  for (let sent = 0; sent < BURSTS; sent++) {
    if (socket.write(burst)) continue;
    const stalled = AbortSignal.timeout(300);
    const drained = await once(socket, "drain", { signal: stalled }).catch(() => undefined);
    if (drained === undefined) break;
  }
  socket.resetAndDestroy();
}

long("A peer that floods a busy role and resets its connection does not end the role's process", async () => {
  const endpoints = await serviceEndpoints("tcp");
  const service = new TestProcess([process.execPath, BUSY_SERVICE, endpoints.front, endpoints.back]);
  const worker = new EchoWorker(endpoints);
  const working = worker.run();
  await using client = makeClient(endpoints);
  expect(await client.request({ n: 1 })).toMatchObject({ n: 1 });
  service.kill("SIGUSR2");
  await service.printed("busy");
  await floodAndReset(endpoints.front);
  await service.printed("awake");
  expect(await client.request({ n: 2 })).toMatchObject({ n: 2 });
  expect(service.errors).toBe("");
  await worker.stop();
  await working;
  service.kill("SIGTERM");
  await service.exited;
});
