import { configureLogging, EndpointAddress, TaskType } from "zmqpipeline";

export const GREETING = TaskType.register("greeting");

export const WORKER = new EndpointAddress("ipc://worker.ipc");
export const COLLECTOR = new EndpointAddress("ipc://collector.ipc");
export const COLLECTOR_ACK = new EndpointAddress("ipc://collector-ack.ipc");

configureLogging({
  version: 1,
  formatters: {
    verbose: { format: "%(levelname)s %(asctime)s %(module)s %(process)d %(thread)d %(message)s" },
    simple: { format: "%(levelname)s %(name)s: %(message)s" },
  },
  handlers: {
    console: { class: "logging.StreamHandler", level: "INFO", formatter: "simple" },
    file: { class: "logging.FileHandler", filename: "pipeline.log", formatter: "verbose" },
  },
  loggers: {
    // All roles log to both handlers; the console shows nothing below INFO.
    zmqpipeline: { handlers: ["console", "file"], level: "DEBUG" },
    // The lines of this task go to the file only.
    "zmqpipeline.task.GreetingTask": { handlers: ["file"], level: "DEBUG", propagate: false },
  },
});
