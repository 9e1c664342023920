import { EndpointAddress, TaskType } from "zmqpipeline";

export const COMPRESS = TaskType.register("compress");

export const WORKER = new EndpointAddress("ipc://worker.ipc");
export const COLLECTOR = new EndpointAddress("ipc://collector.ipc");
export const COLLECTOR_ACK = new EndpointAddress("ipc://collector-ack.ipc");

export interface File {
  /** Relative to the folder that is compressed. */
  readonly path: string;
  /** The path from which a worker reads the file. */
  readonly source: string;
}

export interface Compressed {
  readonly path: string;
  /** The content as a web server would send it. */
  readonly brotli: Uint8Array;
}
