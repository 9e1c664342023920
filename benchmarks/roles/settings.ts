import { EndpointAddress, TaskType } from "zmqpipeline";

export const BENCH = TaskType.register("bench");
export const WORKER = new EndpointAddress("ipc://worker.ipc");
export const COLLECTOR = new EndpointAddress("ipc://collector.ipc");
export const COLLECTOR_ACK = new EndpointAddress("ipc://ack.ipc");
