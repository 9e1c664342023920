import { Service } from "zmqpipeline";
import { BACK, FRONT } from "./settings.ts";

// The queue is short: when it is full, the server refuses requests at once instead of letting all of them wait.
const service = new Service({ frontendEndpoint: FRONT, backendEndpoint: BACK, maxQueue: 500 });
await service.run({ signals: true });
