import { EndpointAddress, TaskType } from "zmqpipeline";

export const FIRST = TaskType.register("first");
export const SECOND = TaskType.register("second");

export const FIRST_WORKER = new EndpointAddress("ipc://first-worker.ipc");
export const SECOND_WORKER = new EndpointAddress("ipc://second-worker.ipc");
export const COLLECTOR = new EndpointAddress("ipc://collector.ipc");
export const COLLECTOR_ACK = new EndpointAddress("ipc://collector-ack.ipc");
