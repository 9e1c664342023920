// bare-push.ts ITEMS BATCH: sends items over a bare PUSH socket of zeromq.js as fast as it can, BATCH items in a message.
import { Pull, Push } from "zeromq";

const [items = 1, batch = 1] = process.argv.slice(2).map(Number);
const socket = new Push();
await socket.bind("ipc://bare.ipc");
const done = new Pull({ receiveTimeout: 60_000 });
await done.bind("ipc://bare-done.ipc");
const item = Buffer.alloc(8);
const message = batch === 1 ? item : Buffer.concat(Array.from({ length: batch }, () => item));
for (let sent = 0; sent < items; sent += batch) await socket.send(message);
await done.receive(); // closing the socket earlier could lose messages
socket.close();
done.close();
