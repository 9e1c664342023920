// service-client.ts WORKERS SEQUENTIAL PIPELINED: a client of the service, once all workers are warm.
import { ServiceClient } from "zmqpipeline";
import { load } from "./service-load.ts";
import { FRONT, UPPER } from "./service-settings.ts";

const [workers = 1, sequential = 1, pipelined = 1] = process.argv.slice(2).map(Number);
const client = new ServiceClient<{ message: string }, { message: string }>(FRONT, { taskType: UPPER });
const message = "hello";
// The longest idle worker is next: so many in a row reach each of them, once they are there.
for (let n = 0; n < 20 * workers; n++) await client.request({ message });
await load(sequential, pipelined, () => client.request({ message }));
await client.stop();
