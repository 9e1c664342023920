import { Service } from "zmqpipeline";
import { BACK, FRONT } from "./settings.ts";

const service = new Service({ frontendEndpoint: FRONT, backendEndpoint: BACK });
process.once("SIGTERM", () => service.stop());
const { replied, failed } = await service.run();
console.log(`service: ${replied} replies, ${failed} failures`);
