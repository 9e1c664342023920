import { EndpointAddress, TaskType } from "zmqpipeline";

export const UPPER = TaskType.register("upper");
export const FRONT = new EndpointAddress("ipc://front.ipc");
export const BACK = new EndpointAddress("ipc://back.ipc");
