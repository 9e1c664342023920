// bare-push.ts ITEMS BATCH: a bare zeromq.js PUSH that sends items as fast as it can, so many in a message.
import { Pull, Push } from "zeromq";

const [items = 1, batch = 1] = process.argv.slice(2).map(Number);
const socket = new Push();
await socket.bind("ipc://bare.ipc");
const done = new Pull({ receiveTimeout: 60_000 });
await done.bind("ipc://bare-done.ipc");
const item = Buffer.alloc(8);
const message = batch === 1 ? item : Buffer.concat(Array.from({ length: batch }, () => item));
for (let sent = 0; sent < items; sent += batch) await socket.send(message);
await done.receive(); // closing before could cut off what is on its way
socket.close();
done.close();
