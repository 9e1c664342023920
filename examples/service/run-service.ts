import { Service } from "zmqpipeline";
import { BACK, FRONT } from "./settings.ts";

const service = new Service({ frontendEndpoint: FRONT, backendEndpoint: BACK });
const { replied, failed } = await service.run({ signals: true });
console.log(`service: ${replied} replies, ${failed} failures`);
