import { createServer } from "node:net";
import { join } from "node:path";
import { EndpointAddress } from "../protocol/endpoint-address.ts";

let pipelines = 0;

/** The endpoints of one pipeline: sockets in its folder, and `inproc` names where both sides are in this process. */
export class LocalEndpoints {
  readonly task: EndpointAddress;
  readonly collector: EndpointAddress;
  readonly ack: EndpointAddress;
  readonly metadata: EndpointAddress;

  private constructor(task: string, collector: string) {
    const number = ++pipelines;
    this.task = new EndpointAddress(task);
    this.collector = new EndpointAddress(collector);
    this.ack = new EndpointAddress(`inproc://zmqpipeline-ack-${number}`);
    this.metadata = new EndpointAddress(`inproc://zmqpipeline-metadata-${number}`);
  }

  /** @param folder - A folder that only this user may enter. */
  static async make(folder: string): Promise<LocalEndpoints> {
    if (process.platform === "win32")
      return new LocalEndpoints(`tcp://localhost:${await freePort()}`, `tcp://localhost:${await freePort()}`);
    return new LocalEndpoints(`ipc://${join(folder, "work")}`, `ipc://${join(folder, "data")}`);
  }
}

/** Finds a port that was free a moment ago. The system does not give it to another process so soon. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
