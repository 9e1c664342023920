import { EndpointAddress, TaskType } from "zmqpipeline";

export const CALCULATION = TaskType.register("calculation");

export const WORKER = new EndpointAddress("ipc://worker.ipc");
export const COLLECTOR = new EndpointAddress("ipc://collector.ipc");
export const COLLECTOR_ACK = new EndpointAddress("ipc://collector-ack.ipc");

/** Duration of an item. */
export const WORKLOAD_MS = 10;
