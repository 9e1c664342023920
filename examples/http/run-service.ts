import { Service } from "zmqpipeline";
import { BACK, FRONT } from "./settings.ts";

// A short queue: when it is full, the server says so at once instead of letting everybody wait.
const service = new Service({ frontendEndpoint: FRONT, backendEndpoint: BACK, maxQueue: 500 });
process.once("SIGTERM", () => service.stop());
await service.run();
