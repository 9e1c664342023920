import { EndpointAddress, TaskType } from "zmqpipeline";

export const SHOUT = TaskType.register("shout");
export const FRONT = new EndpointAddress("ipc://front.ipc");
export const BACK = new EndpointAddress("ipc://back.ipc");
