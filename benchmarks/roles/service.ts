// service.ts broker | worker: the roles of a service that answers in capitals.
import { Service, ServiceWorker } from "zmqpipeline";
import { BACK, FRONT, UPPER } from "./service-settings.ts";

class Upper extends ServiceWorker<{ message: string }, { message: string }> {
  override readonly taskType = UPPER;
  readonly endpoint = BACK;
  handleMessage({ message }: { message: string }) {
    return { message: message.toUpperCase() };
  }
}

const role =
  process.argv[2] === "broker"
    ? new Service({ frontendEndpoint: FRONT, backendEndpoint: BACK })
    : new Upper();
await role.run();
