import { EndpointAddress, TaskType } from "zmqpipeline";

export const CALCULATION = TaskType.register("calculation");

export const WORKER = new EndpointAddress("ipc://worker.ipc");
export const COLLECTOR = new EndpointAddress("ipc://collector.ipc");
export const COLLECTOR_ACK = new EndpointAddress("ipc://collector-ack.ipc");

/** How long each item takes, in ms. */
export const WORKLOAD = 10;
