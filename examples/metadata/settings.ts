import { EndpointAddress, TaskType } from "zmqpipeline";

export const SCALE = TaskType.register("scale");

export const WORKER = new EndpointAddress("ipc://worker.ipc");
export const COLLECTOR = new EndpointAddress("ipc://collector.ipc");
export const COLLECTOR_ACK = new EndpointAddress("ipc://collector-ack.ipc");
export const METADATA = new EndpointAddress("ipc://metadata.ipc");

/** The run-wide parameters, which every role gets before the first item. */
export interface Parameters {
  readonly items: number;
  readonly factor: number;
}
