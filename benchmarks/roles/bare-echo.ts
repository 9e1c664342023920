// bare-echo.ts source | worker | sink ITEMS BYTES: sends the bytes of echo.ts the same way over bare PUSH and PULL sockets of zeromq.js,
// one item a message, untracked. The sink prints the time from the first item to the last, in ms.
import { randomBytes } from "node:crypto";
import { Pull, Push } from "zeromq";

const [role, ...numbers] = process.argv.slice(2);
const [items = 1, size = 0] = numbers.map(Number);
const limits = { receiveTimeout: 60_000 };

async function source(): Promise<void> {
  const socket = new Push();
  await socket.bind("ipc://bare-items.ipc");
  const item = randomBytes(size);
  for (let n = 0; n < items; n++) await socket.send(item);
  const done = new Pull(limits);
  await done.bind("ipc://bare-done.ipc");
  await done.receive(); // closing the socket earlier could lose messages
}

async function work(): Promise<void> {
  const from = new Pull();
  const to = new Push();
  from.connect("ipc://bare-items.ipc");
  to.connect("ipc://bare-results.ipc");
  // The loop never ends: if the process did, messages that the socket has not sent yet would be lost.
  for await (const message of from) await to.send(message);
}

async function sink(): Promise<void> {
  const socket = new Pull(limits);
  await socket.bind("ipc://bare-results.ipc");
  await socket.receive();
  const startedAt = performance.now();
  for (let n = 1; n < items; n++) await socket.receive();
  console.log(JSON.stringify({ ms: performance.now() - startedAt }));
  const done = new Push();
  done.connect("ipc://bare-done.ipc");
  await done.send("");
}

const roles: Record<string, () => Promise<void>> = { source, worker: work, sink };
await roles[role ?? ""]?.();
