import { EndpointAddress, TaskType } from "zmqpipeline";

export const HASH = TaskType.register("hash");
export const FRONT = new EndpointAddress("ipc://front.ipc");
export const BACK = new EndpointAddress("ipc://back.ipc");
