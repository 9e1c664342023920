// bare-pull.ts ITEMS BATCH: prints the time from the first to the last item, in ms.
import { Pull, Push } from "zeromq";

const [items = 1, batch = 1] = process.argv.slice(2).map(Number);
const socket = new Pull({ receiveTimeout: 60_000 });
socket.connect("ipc://bare.ipc");
const done = new Push();
done.connect("ipc://bare-done.ipc");
await socket.receive();
const start = performance.now();
for (let received = batch; received < items; received += batch) await socket.receive();
console.log(JSON.stringify({ ms: performance.now() - start }));
await done.send("");
socket.close();
done.close();
