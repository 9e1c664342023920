import { EndpointAddress, TaskType } from "zmqpipeline";

export const ITEMS = 1500;
export const SQUARE = TaskType.register("square");

export const WORKER = new EndpointAddress("ipc://worker.ipc");
export const COLLECTOR = new EndpointAddress("ipc://collector.ipc");
export const COLLECTOR_ACK = new EndpointAddress("ipc://collector-ack.ipc");
