// The endpoints of a benchmark's roles: ipc sockets in the working directory, or the three tcp ports in BENCH_PORTS (1,2,3), with the keys in the
// folder BENCH_KEYS.
import { EndpointAddress, Security, TaskType } from "zmqpipeline";

const [worker, collector, ack] = (process.env.BENCH_PORTS ?? "").split(",");
const at = (port: string | undefined, name: string) =>
  new EndpointAddress(port === undefined || port === "" ? `ipc://${name}.ipc` : `tcp://localhost:${port}`);
const keys = process.env.BENCH_KEYS;

export const BENCH = TaskType.register("bench");
export const WORKER = at(worker, "worker");
export const COLLECTOR = at(collector, "collector");
export const COLLECTOR_ACK = at(ack, "ack");
export const SECURITY = keys === undefined ? undefined : Security.load(keys);
