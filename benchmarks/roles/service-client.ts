// service-client.ts WORKERS SEQUENTIAL PIPELINED: sends requests to the service, measured once all workers have compiled their code.
import { ServiceClient } from "zmqpipeline";
import { load } from "./service-load.ts";
import { FRONT, UPPER } from "./service-settings.ts";

const [workers = 1, sequential = 1, pipelined = 1] = process.argv.slice(2).map(Number);
const client = new ServiceClient<{ message: string }, { message: string }>(FRONT, { taskType: UPPER });
const message = "hello";
// The next request goes to the worker that has been idle longest, so these reach each worker.
for (let n = 0; n < 20 * workers; n++) await client.request({ message });
await load(sequential, pipelined, () => client.request({ message }));
await client.stop();
